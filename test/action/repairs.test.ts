import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { eventually } from '../support/eventually.ts'
import { writeHelperProgram } from '../support/helper-program.ts'
import { type ActionFixture, startActionFixture, withHelm } from './support/action-fixture.ts'
import { helm, inputsOf, lastStatus } from './support/cancel-case.ts'
import { runAction } from './support/run-action.ts'

// Repairs failures of an earlier run, on a real API server, with Helm 4. Each test continues from
// the previous one.

let fixture: ActionFixture
let helm3: ActionFixture
let folder: string
let helper: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-repairs-'))
  helper = join(folder, 'helper.mjs')
  await writeHelperProgram(helper)
  const images = { 'ghcr.io/acr-nopass/acr-nopass': [process.execPath, helper] as const }
  fixture = await startActionFixture({ clusters: ['hangzhou-a'], helm: 'helm4', images })
  helm3 = await withHelm(fixture, 'helm3')
})
after(async () => {
  await fixture[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function run(values: object, inputs: Readonly<Record<string, string>> = {}, { env } = fixture) {
  const outcome = await runAction({ inputs: { ...inputsOf(fixture, values, 'true'), ...inputs }, env })
  await rm(outcome.temp, { recursive: true })
  const [result] = JSON.parse(outcome.outputs.results || '[]')
  return { ...outcome, result }
}

test('after a first installation whose Pods crash, correct values succeed', async () => {
  const crashing = { extraEnv: [{ name: 'NODE_CHANNEL_FD', value: 'none' }] }
  const broken = await run(crashing, { timeout: '3m' })
  assert.deepEqual([broken.result?.status, broken.result?.error?.code], ['failed', 'POD_FAILING'], broken.stdout)
  const repaired = await run({}, { timeout: '3m' })
  assert.deepEqual([repaired.code, repaired.result?.status], [0, 'deployed'], repaired.stdout)
})

test('after an upgrade with Helm 3 whose Pods crash, and which was not rolled back, correct values succeed', async () => {
  const crashing = { extraEnv: [{ name: 'NODE_CHANNEL_FD', value: 'none' }] }
  const broken = await run(crashing, { timeout: '3m', rollback: 'false' }, helm3)
  assert.deepEqual([broken.result?.status, broken.result?.error?.code], ['failed', 'POD_FAILING'], broken.stdout)
  const repaired = await run({}, { timeout: '3m' }, helm3)
  assert.deepEqual([repaired.code, repaired.result?.status], [0, 'deployed'], repaired.stdout)
  assert.match(repaired.result.notes.join(), /rolled back to revision \d+ first, because revision \d+ had failed/)
})

test('a hook stops the rollback of a failed revision: the run reports it, deploys nothing over it, and its fix works', async () => {
  const { admin } = fixture.clusters[0]?.cluster ?? assert.fail()
  const hook = (event: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'hook', namespace: 'later', annotations: { 'helm.sh/hook': event } },
  })
  const good = { extraObjects: [hook('pre-rollback')] }
  const first = await run(good, { timeout: '3m', verify: 'false' })
  assert.deepEqual([first.code, first.result?.status], [0, 'deployed'], first.stdout)
  const { to } = first.result.revision
  const failed = await run({ extraObjects: [hook('pre-upgrade')] }, { rollback: 'false', verify: 'false' })
  assert.deepEqual([failed.code, failed.result?.status], [1, 'failed'], failed.stdout)
  const stopped = await run({}, { verify: 'false' })
  const { error } = stopped.result
  const [failure, why] = error.message.split(' is pending: ')
  const had = `revision ${to + 1} of acr-nopass/acr-nopass had failed, and its rollback to revision ${to}`
  assert.deepEqual([error.code, failure], ['HELM_PENDING', `${had}, which this run began, failed twice and`])
  assert.match(why, /Hook pre-rollback \S+ failed: .*namespaces "later" not found$/)
  assert.equal(await lastStatus(fixture), 'pending-rollback')
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'later' } }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body })
  const [, command = ''] = /`helm (rollback [^`]+)`/.exec(error.hint) ?? []
  helm(fixture, ...command.split(' '))
  const repaired = await run({}, { timeout: '3m' })
  assert.deepEqual([repaired.code, repaired.result?.status], [0, 'deployed'], repaired.stdout)
})

test('nothing changed, but the helper is dead: the run fails, whatever its last report says', async () => {
  const { admin } = fixture.clusters[0]?.cluster ?? assert.fail()
  const path = '/api/v1/namespaces/acr-nopass/pods'
  const good = await readFile(helper, 'utf8')
  await writeFile(helper, 'process.exit(1)\n')
  await admin.request({ method: 'DELETE', path })
  await eventually(async () => {
    const { items } = await admin.request<{ items: readonly Pod[] }>({ method: 'GET', path })
    assert.ok(items.length > 0 && items.every(({ status }) => !status?.containerStatuses?.some(({ ready }) => ready)))
  }, 120_000)
  const dead = await run({})
  assert.deepEqual([dead.code, dead.result?.status, dead.result?.phase], [1, 'failed', 'verify'], dead.stdout)
  assert.match(dead.result?.error?.message ?? '', /^(Pod \S+ ended \d+ times|no Pod of the helper is ready)/)
  await writeFile(helper, good)
})

interface Pod {
  readonly status?: { readonly containerStatuses?: readonly { readonly ready: boolean }[] }
}

test('a deployer without permission to list ServiceAccounts and Secrets everywhere uninstalls, and what it could not do is reported', async () => {
  const { cluster } = fixture.clusters[0] ?? assert.fail()
  const rule = (apiGroups: string[], resources: string[], verbs: string[]) => ({ apiGroups, resources, verbs })
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'deployer-small' },
    rules: [
      rule(
        ['apps', 'rbac.authorization.k8s.io', 'admissionregistration.k8s.io', 'policy', 'coordination.k8s.io'],
        ['*'],
        ['*'],
      ),
      rule([''], ['namespaces', 'configmaps', 'services', 'pods'], ['*']),
    ],
  }
  const inside = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'deployer-small', namespace: 'acr-nopass' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'small', apiGroup: 'rbac.authorization.k8s.io' }],
  }
  const everywhere = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'deployer-small' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'deployer-small' },
    subjects: inside.subjects,
  }
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  await cluster.admin.request({ method: 'POST', path: `${rbac}/clusterroles`, body: role })
  await cluster.admin.request({ method: 'POST', path: `${rbac}/clusterrolebindings`, body: everywhere })
  await cluster.admin.request({ method: 'POST', path: `${rbac}/namespaces/acr-nopass/rolebindings`, body: inside })
  const values = parse(fixture.values)
  const own = fixture.clusters[0]?.entry(0).values as { endpoints: object }
  const small = await runAction({
    inputs: {
      mode: 'uninstall',
      confirm: 'acr-nopass/1',
      name: 'hangzhou-a',
      kubeconfig: cluster.kubeconfigFor('small', [], 60),
      values: stringify({ ...values, endpoints: { ...values.endpoints, ...own.endpoints } }),
      endpoints: fixture.endpoints,
      ram: 'none',
    },
    env: fixture.env,
  })
  await rm(small.temp, { recursive: true })
  const [result] = JSON.parse(small.outputs.results || '[]')
  assert.deepEqual([small.code, result?.status], [0, 'uninstalled'], small.stdout)
  assert.match(
    small.stdout,
    /left: pull secrets without content \(the deployer lacks the right to list ServiceAccounts and Secrets in all namespaces\)/,
  )
})

test("with Helm's records in ConfigMaps a failed upgrade is rolled back, with Helm 3 and Helm 4", async () => {
  const inConfigMaps = (from: ActionFixture): ActionFixture => ({
    ...from,
    env: { ...from.env, HELM_DRIVER: 'configmap' },
  })
  const fixtures = [helm3, fixture].map(inConfigMaps)
  const hook = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'hook', namespace: 'absent', annotations: { 'helm.sh/hook': 'pre-upgrade' } },
  }
  const first = await run({}, { verify: 'false', timeout: '3m' }, fixtures[0])
  assert.deepEqual([first.code, first.result?.status], [0, 'deployed'], first.stdout)
  for (const one of fixtures) {
    const { code, result, stdout } = await run({ extraObjects: [hook] }, { verify: 'false' }, one)
    assert.deepEqual([code, result?.status], [1, 'rolled-back'], stdout)
  }
  const { admin } = fixture.clusters[0]?.cluster ?? assert.fail()
  const query = { labelSelector: 'owner=helm' }
  const records = async (kind: string) => {
    const path = `/api/v1/namespaces/acr-nopass/${kind}`
    const { items } = await admin.request<{ items: readonly Labelled[] }>({ method: 'GET', path, query })
    return items.map(({ metadata }) => metadata.labels.status)
  }
  assert.deepEqual(await records('secrets'), [])
  assert.deepEqual(await records('configmaps'), ['superseded', 'failed', 'superseded', 'failed', 'deployed'])
})

interface Labelled {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
}
