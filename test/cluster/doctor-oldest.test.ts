import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { discoverResources, objectPath } from '../../src/kube/read/api-resources.ts'
import { VERSION } from '../../src/version.ts'
import { openHelm } from '../support/chart/chart.ts'
import { controlPlane } from '../support/cluster/control-plane.ts'
import { runDoctor } from './doctor/run-doctor.ts'

const signal = AbortSignal.timeout(600_000)
const [tools, helm] = await Promise.all([controlPlane('oldest', signal), openHelm('helm4')])
const cluster = await startCluster({ name: 'doctor-oldest', tools, signal })
after(async () => {
  await cluster.stop()
  await helm[Symbol.asyncDispose]()
})
const values = [
  {
    registries: [{ name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
    identity: { type: 'worker-role' },
  },
]

/**
 * Applies the chart like a GitOps tool that renders for a configured version: objects unknown to
 * the API server are omitted.
 */
async function applyRendered(kubeVersion: string): Promise<void> {
  const namespace = 'acr-nopass'
  const objects = parseManifest(await helm.render({ values, kubeVersion, release: namespace, namespace }))
  const resourceOf = await discoverResources({ client: cluster.admin, signal: AbortSignal.timeout(60_000) }, objects)
  for (const one of objects) {
    const resource = resourceOf(one)
    if (resource === undefined) continue
    await cluster.admin.request({
      method: 'PATCH',
      path: objectPath(resource, one, namespace),
      query: { fieldManager: 'argocd', force: true },
      contentType: 'application/apply-patch+yaml',
      body: one.body,
    })
  }
}

test('doctor names KUBERNETES_OLD: the chart was rendered for a newer cluster', async () => {
  await cluster.admin.request({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { metadata: { name: 'acr-nopass' } },
  })
  const kubeconfig = cluster.adminKubeconfigFile
  const found = async (): Promise<(string | undefined)[][]> => {
    const { findings } = (await runDoctor(kubeconfig, [])).report
    return findings.filter(({ id }) => id === 'KUBERNETES_OLD').map(({ subject, command }) => [subject, command])
  }
  await applyRendered('1.30.14')
  assert.deepEqual(await found(), [])
  await applyRendered('1.37.0')
  assert.deepEqual(await found(), [
    [
      'attach: admission',
      `helm --kubeconfig ${kubeconfig} -n acr-nopass upgrade acr-nopass oci://ghcr.io/acr-nopass/charts/acr-nopass --version ${VERSION} --reset-then-reuse-values --set attach=serviceAccounts`,
    ],
  ])
})
