import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openHelm } from '../support/chart/chart.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { HELM_VARIABLE } from '../support/version-variables.ts'

// Runs with `npm test -- helm-3.18`: that Helm installs the chart on a real API server.

const chart = await openChartCluster('helm-version')
const helm = await openHelm('helm3')
after(async () => {
  await helm[Symbol.asyncDispose]()
  await chart[Symbol.asyncDispose]()
})
const values = {
  registries: [{ name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
  identity: { type: 'worker-role' },
}
const NAMESPACE = 'acr-system'
const target = ['--namespace', NAMESPACE, '--kubeconfig', chart.cluster.adminKubeconfigFile]
const revisions = async (): Promise<readonly string[]> => {
  const { stdout } = await helm.run(['history', 'acr-nopass', '--output', 'json', ...target])
  return (JSON.parse(stdout) as { status: string }[]).map(({ status }) => status)
}

test('Helm has the requested version', async () => {
  const { stdout } = await helm.run(['version', '--short'])
  assert.ok(stdout.startsWith(`v${process.env[HELM_VARIABLE]}.`), stdout)
})

test('Helm installs, upgrades, rolls back and uninstalls the chart', async () => {
  await chart.install('acr-nopass', NAMESPACE, values)
  await chart.install('acr-nopass', NAMESPACE, values, { replicas: 3 })
  const replicas = async (): Promise<number> => {
    const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/acr-nopass`
    return (await chart.admin.request<{ spec: { replicas: number } }>({ method: 'GET', path })).spec.replicas
  }
  assert.equal(await replicas(), 3)
  assert.equal((await helm.run(['rollback', 'acr-nopass', '1', ...target])).code, 0)
  assert.equal(await replicas(), 2)
  assert.deepEqual(await revisions(), ['superseded', 'superseded', 'deployed'])
  const { code, stderr } = await helm.run(['uninstall', 'acr-nopass', ...target])
  assert.deepEqual([code, stderr], [0, ''])
})

test('values that the schema does not know are rejected before anything is installed', async () => {
  const wrong = chart.install('acr-nopass', NAMESPACE, values, { replica: 3 })
  await assert.rejects(wrong, { message: /replica/ })
  assert.equal((await helm.run(['status', 'acr-nopass', ...target])).code, 1)
})
