import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'yaml'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { buildCredentialGroup } from '../../src/helper/credentials/credential-groups.ts'
import type { WriteSecret } from '../../src/helper/plan/actions.ts'
import { writeListRequest, writeSecretRequest } from '../../src/helper/writes/writer.ts'
import { APPLY, type KubeCall } from '../../src/kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../../src/kube/names.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { live, OPTIONS } from '../helper/plan-fixtures.ts'
import { listScenarios, scenario, type TestHelm } from '../support/chart/chart.ts'
import { type ChartCluster, RESTRICTED } from '../support/cluster/chart-cluster.ts'
import { objectPath, readKinds } from '../support/cluster/kinds.ts'
import { eventually } from '../support/eventually.ts'

/** Kinds of the Prometheus operator, whose definitions are missing in a plain cluster. */
const WITHOUT_DEFINITION = ['PodMonitor', 'PrometheusRule', 'ServiceMonitor']
const HOME = 'objects'
/**
 * Argo CD fills in defaults only for kinds of the Kubernetes version with which it was built.
 * Without defaults in the chart, a newer policy never equals the policy in the cluster
 * (https://github.com/shepherdjerred/monorepo/pull/1727).
 */
const WITH_DEFAULTS = 'the policy is rendered with the defaults of the API server'

/** Tests the API server's responses to everything that the chart renders. */
export async function testObjects(chart: ChartCluster, helm: TestHelm): Promise<void> {
  const { gitVersion } = await chart.admin.request<{ gitVersion: string }>({ method: 'GET', path: '/version' })
  const kinds = await readKinds(chart.admin)
  await chart.createNamespace(HOME, RESTRICTED)
  for (const namespace of ['shop', 'team', 'web']) await chart.createNamespace(namespace)

  for (const { name, file } of await listScenarios()) {
    test(`every object of ${name} is accepted by the API server, with no unknown field`, async () => {
      const values = [file, await attachable(chart, file)]
      const objects = parseManifest(await helm.render({ values, namespace: HOME, kubeVersion: gitVersion }))
      const skipped: string[] = []
      for (const object of objects) {
        const path = objectPath(kinds, object, HOME)
        if (path === undefined) {
          skipped.push(object.kind)
          continue
        }
        const query = { dryRun: 'All', fieldValidation: 'Strict', fieldManager: 'helm', force: true }
        const call: KubeCall = { method: 'PATCH', path, query, contentType: APPLY, body: object.body }
        const { spec } = await chart.admin.request<{ readonly spec?: unknown }>(call)
        if (/AdmissionPolicy/.test(object.kind)) assert.deepEqual(spec, object.body.spec, WITH_DEFAULTS)
      }
      assert.deepEqual(
        skipped.filter((kind) => !WITHOUT_DEFINITION.includes(kind)),
        [],
      )
    })
  }

  test("the API server knows every field of the helper's writes", async () => {
    const namespace = 'fields'
    await chart.createNamespace(namespace)
    const group = buildCredentialGroup('all', [live('prod')], 'uid-log', OPTIONS)
    const strict = (call: KubeCall): Promise<KubeObject> => {
      const path = call.path.replace('&fieldValidation=Ignore', '')
      return chart.admin.request<KubeObject>({ ...call, path, query: { fieldValidation: 'Strict' } })
    }
    const secret = { kind: 'writeSecret', namespace, group: 'all', reason: 'missing' } as const
    const write = (by: 'apply' | 'patch', precondition?: WriteSecret['precondition']): Promise<KubeObject> =>
      strict(writeSecretRequest({ ...secret, by, precondition }, group, DEFAULT_SECRET_NAME))
    const created = await write('apply')
    const { uid, resourceVersion } = created.metadata
    await write('patch', { uid, resourceVersion })
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default`
    const account = await eventually(() => chart.admin.request<KubeObject>({ method: 'GET', path }), 10_000)
    const precondition = { uid: account.metadata.uid, resourceVersion: account.metadata.resourceVersion }
    const list = {
      kind: 'attach',
      namespace,
      serviceAccount: 'default',
      precondition,
      list: [DEFAULT_SECRET_NAME],
    } as const
    await strict(writeListRequest(list, list.list))
  })

  test('the API server accepts the expressions of the guard and of the Pod policy', async () => {
    const file = scenario('acr-images')
    await chart.install('typed', HOME, file, await attachable(chart, file), { replicas: 0 })
    for (const policy of ['secrets', 'serviceaccounts']) {
      const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/acr-nopass.${HOME}.typed.${policy}`
      const status = await eventually(async () => {
        const found = await chart.admin.request<{
          metadata: { generation: number }
          status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: object[] } }
        }>({ method: 'GET', path })
        assert.equal(found.status?.observedGeneration, found.metadata.generation)
        return found.status
      }, 30_000)
      assert.deepEqual(status?.typeChecking?.expressionWarnings ?? [], [])
    }
  })

  test("the Deployment's Pods run in a namespace that enforces Pod Security restricted; with hostNetwork they do not", async () => {
    await chart.install('strict', HOME, scenario('minimal'))
    const path = `/api/v1/namespaces/${HOME}/pods`
    const pods = await eventually(async () => {
      const query = { labelSelector: 'app.kubernetes.io/instance=strict' }
      const list = await chart.admin.request<{ items: { spec: object }[] }>({ method: 'GET', path, query })
      assert.equal(list.items.length, 2)
      return list.items
    }, 20_000)
    const [{ spec }] = pods as [{ spec: object }]
    const create = (change: object): Promise<unknown> =>
      chart.admin.request({
        method: 'POST',
        path,
        query: { dryRun: 'All' },
        body: { metadata: { name: 'copy' }, spec: { ...spec, ...change } },
      })
    await create({})
    await assert.rejects(create({ hostNetwork: true }), /violates PodSecurity "restricted/)
    await chart.install('strict', HOME, scenario('minimal'), { replicas: 0 })
  })
}

/**
 * Returns the objects that a scenario lacks on a cluster whose API server cannot add the reference.
 */
async function attachable({ minor }: ChartCluster, file: string): Promise<object> {
  const { attach } = parse(await readFile(file, 'utf8')) as { attach?: string }
  const impossible = minor === 'oldest' && (attach === 'admission' || attach === 'both')
  return impossible ? { attach: 'serviceAccounts' } : {}
}
