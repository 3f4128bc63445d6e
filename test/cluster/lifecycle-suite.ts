import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { CHART, scenario, type TestHelm } from '../support/chart/chart.ts'
import { type ChartCluster, RESTRICTED } from '../support/cluster/chart-cluster.ts'
import { findLeftovers, objectPath, readKinds } from '../support/cluster/kinds.ts'
import { eventually } from '../support/eventually.ts'

interface Loose {
  readonly spec: Readonly<Record<string, unknown>>
  readonly data?: object
}

/** The kinds of the Prometheus operator, which a plain cluster lacks. */
const WITHOUT_OPERATOR = { metrics: { serviceMonitor: { enabled: false }, prometheusRule: { enabled: false } } }

/**
 * Tests install, upgrade and uninstall with that Helm. `attach` is the result of `auto` on the
 * cluster's minor version.
 */
export function testLifecycle(chart: ChartCluster, helm: TestHelm, attach: 'admission' | 'serviceAccounts'): void {
  const get = (path: string): Promise<Loose> => chart.admin.request<Loose>({ method: 'GET', path })
  const merge = (path: string, body: object): Promise<unknown> =>
    chart.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })

  test(`${helm.name} installs, upgrades and uninstalls: what the helper wrote survives the upgrade, and is removed by the uninstall`, async () => {
    const namespace = `life-${helm.name}`
    const kinds = await readKinds(chart.admin)
    await chart.createNamespace(namespace, RESTRICTED)
    const target = ['--namespace', namespace, '--kubeconfig', chart.cluster.adminKubeconfigFile]
    const run = async (args: readonly string[], values: readonly (string | object)[] = []): Promise<string> => {
      const { code, stdout, stderr } = await helm.run([...args, ...target], values)
      assert.equal(code, 0, stderr)
      return stdout
    }
    // No node runs Pods here, so Helm waits only for the other kinds of objects.
    const wait = ['--wait', '--timeout', '60s']
    const notes = await run(['install', 'life', CHART, ...wait], [scenario('minimal'), { replicas: 0 }])
    assert.match(notes, new RegExp(`attach {7}${attach} \\(decided for Kubernetes 1\\.\\d+\\.\\d+\\)`))
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/life-acr-nopass`
    const status = `/api/v1/namespaces/${namespace}/configmaps/life-acr-nopass-status`
    const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/life-acr-nopass`
    await merge(lease, { spec: { holderIdentity: 'life-1', leaseDurationSeconds: 15 } })
    await merge(status, { data: { 'status.json': '{"version":"x"}' } })
    const before = await get(deployment)

    const node = { namespace: `life-nodes-${helm.name}` }
    const other = { serviceAccount: { name: '' }, attach, node, ...WITHOUT_OPERATOR }
    await run(['upgrade', 'life', CHART], [scenario('everything'), other])
    assert.deepEqual((await get(lease)).spec, { holderIdentity: 'life-1', leaseDurationSeconds: 15 })
    assert.deepEqual((await get(status)).data, { 'status.json': '{"version":"x"}' })
    assert.deepEqual((await get(deployment)).spec.selector, before.spec.selector)
    assert.equal((await get(deployment)).spec.replicas, 3)
    const strategy = async (values: object): Promise<unknown> => {
      await run(['upgrade', 'life', CHART], [scenario('minimal'), values])
      const { type, rollingUpdate } = (await get(deployment)).spec.strategy as { type: string; rollingUpdate?: object }
      return rollingUpdate === undefined ? type : { type, ...rollingUpdate }
    }
    // Two Pods that use the host network cannot share ports, so a new Pod replaces the old one.
    const rolling = { type: 'RollingUpdate' }
    assert.deepEqual(await strategy({ hostNetwork: true, replicas: 1 }), 'Recreate')
    assert.deepEqual(await strategy({ hostNetwork: true }), { ...rolling, maxUnavailable: 1, maxSurge: 0 })
    assert.deepEqual(await strategy({ hostNetwork: true, replicas: 1 }), 'Recreate')
    assert.deepEqual(await strategy({}), { ...rolling, maxUnavailable: 0, maxSurge: 1 })
    assert.equal((await get(deployment)).spec.replicas, 2)

    // Applies the manifest repeatedly, like a GitOps tool. The manifest contains nothing that the
    // helper owns.
    for (const object of parseManifest(await run(['get', 'manifest', 'life']))) {
      const path = objectPath(kinds, object, namespace)
      assert.ok(path, object.kind)
      const query = { fieldManager: 'gitops', force: true }
      await chart.admin.request({ method: 'PATCH', path, query, contentType: APPLY, body: object.body })
    }
    assert.deepEqual((await get(lease)).spec, { holderIdentity: 'life-1', leaseDurationSeconds: 15 })
    assert.deepEqual((await get(status)).data, { 'status.json': '{"version":"x"}' })

    await run(['uninstall', 'life'])
    // The server's controller empties a deleted Namespace before the Namespace disappears.
    await eventually(async () => assert.deepEqual(await findLeftovers(chart.admin, kinds, 'life'), []), 60_000)
  })
}
