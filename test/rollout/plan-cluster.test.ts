import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHooks, parseManifest } from '../../src/helm/release/manifest.ts'
import { newRun } from '../../src/rollout/cluster/cluster-run.ts'
import { makePlan, planCluster } from '../../src/rollout/deploy/plan-cluster.ts'

type Arguments = Parameters<typeof makePlan>

/**
 * Returns the digest of a first installation of another chart, into a namespace that does not
 * exist.
 */
async function digest(forceConflicts: boolean, hook?: string): Promise<string> {
  const cluster = { name: 'a', ram: 'none', settings: { access: { kind: 'kubeconfig' } } }
  const open = {
    cluster,
    context: { settings: { inputs: {}, clusters: [], selected: [] } },
    signal: AbortSignal.timeout(60_000),
    identity: { kubeSystemUid: 'u' },
    options: { forceConflicts },
    history: [],
    namespaceExists: false,
    deployed: undefined,
    dryRuns: [],
    desired: { chart: 'c-1.0.0', values: {}, objects: [], hooks: parseHooks(hook === undefined ? [] : [hook]) },
  }
  return (await makePlan(open as unknown as Arguments[0])).digest
}

test('a plan that was approved without force-conflicts does not allow overwriting what others set', async () => {
  assert.notEqual(await digest(true), await digest(false))
  assert.equal(await digest(false), await digest(false))
})

test('a hook that was changed, added or removed after the approval is not in the approved plan', async () => {
  const job = (image: string) =>
    `apiVersion: batch/v1\nkind: Job\nmetadata: { name: migrate }\nspec: { image: ${image} }\n`
  const approved = await digest(false, job('good'))
  assert.equal(await digest(false, job('good')), approved)
  assert.notEqual(await digest(false, job('evil')), approved)
  assert.notEqual(await digest(false), approved)
})

const configMap = (name: string) => parseManifest(`{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} } }`)

/** Plans a release that is deployed with the ConfigMap `a`, in a state that differs by `more`. */
async function plan(more: object) {
  const release = { chart: 'c-1.0.0', values: {}, objects: configMap('a'), hooks: [] }
  const open = {
    cluster: { name: 'a', ram: 'none', settings: { access: { kind: 'kubeconfig' }, namespace: 'n' } },
    context: { settings: { inputs: {}, clusters: [], selected: [] } },
    signal: AbortSignal.timeout(60_000),
    identity: { kubeSystemUid: 'u' },
    options: { forceConflicts: false },
    history: [{ revision: 3, status: 'deployed', updated: '' }],
    namespaceExists: true,
    deployed: release,
    desired: release,
    dryRuns: [],
    ...more,
  }
  const { changes, overview, unchanged } = await makePlan(open as unknown as Arguments[0])
  return { changes, kubernetes: overview.kubernetes, unchanged }
}

const drifted = (object: string, drift: string) => ({ object, drift, verdict: { verdict: 'accepted' } })

test('a plan has no changes if the release is as deployed and nobody changed its objects', async () => {
  const dryRuns = [drifted('ConfigMap a', 'same'), drifted('ConfigMap a', 'unknown')]
  assert.deepEqual(await plan({ dryRuns }), { changes: [], kubernetes: [], unchanged: true })
})

test('a plan has the objects that somebody changed or deleted since the deploy, and only once if the chart changes them too', async () => {
  const dryRuns = [drifted('ConfigMap a', 'differs'), drifted('ConfigMap b', 'absent'), drifted('ConfigMap c', 'same')]
  const { changes, kubernetes, unchanged } = await plan({ dryRuns })
  assert.deepEqual(changes, [
    { title: 'ConfigMap a (drift)', change: 'change', diff: 'it was changed since the last deploy' },
    { title: 'ConfigMap b (drift)', change: 'add', diff: 'it was deleted since the last deploy' },
  ])
  assert.deepEqual(
    [kubernetes, unchanged],
    [['+ 1 to create: ConfigMap b (drift)', '~ 1 to change: ConfigMap a (drift)'], false],
  )
  const desired = { chart: 'c-1.0.0', values: {}, objects: [], hooks: [] }
  const removed = await plan({ desired, dryRuns: [drifted('ConfigMap a', 'differs')] })
  assert.deepEqual(
    removed.changes.map(({ title, change }) => [title, change]),
    [['ConfigMap a', 'remove']],
  )
})

test('if no object changes, a plan says why a new revision is made', async () => {
  const failed = await plan({ history: [{ revision: 3, status: 'failed', updated: '' }] })
  assert.deepEqual(failed, {
    changes: [],
    kubernetes: ['revision 3 is failed, so a new one is made'],
    unchanged: false,
  })
  const desired = { chart: 'c-2.0.0', values: {}, objects: configMap('a'), hooks: [] }
  assert.deepEqual(await plan({ desired }), {
    changes: [],
    kubernetes: ['the same objects, with another chart or other values: a new revision'],
    unchanged: false,
  })
  const first = await plan({ history: [], deployed: undefined, namespaceExists: false })
  assert.deepEqual(first.kubernetes, ['+ the namespace n', '+ 1 to create: ConfigMap a'])
})

/** Plans an edge cluster, of which only RAM changes. `given`: responses of RAM. */
async function planRam(given: object = {}, isEmpty = false) {
  const release = { chart: 'c-1.0.0', values: {}, objects: configMap('a'), hooks: [] }
  const settings = { name: 'a', access: { kind: 'ack', clusterId: 'c1' }, namespace: 'n', workerRoles: ['nodes'] }
  const cluster = { name: 'a', ram: 'worker-role', settings }
  const where = { edition: 'enterprise', instanceId: 'cri-r', region: 'cn-hangzhou', repositories: ['*'] }
  const registry = { name: 'r', ...where, assumeRole: [] }
  const role = { name: 'a', key: 'c1', accountId: '1', registries: isEmpty ? [] : [registry], workerRoles: ['nodes'] }
  const none = { roles: [], users: [], groups: [] }
  const ram = { getPolicy: () => undefined, listRolePolicies: () => [], listPolicyEntities: () => none, ...given }
  const inputs = { clusters: '', 'clusters-file': '', 'ram-scope': 'instance', 'adopt-policy': false }
  const run = newRun()
  const open = {
    cluster,
    context: {
      settings: { inputs, clusters: [settings], selected: [settings] },
      prepared: [cluster],
      ramList: async () => ({ clusters: [role], unknown: new Map() }),
      cloud: { ram: () => ram },
    },
    run,
    alone: true,
    detail: { clusterId: 'c1', kind: 'edge' },
    signal: AbortSignal.timeout(60_000),
    identity: { kubeSystemUid: 'u' },
    options: { forceConflicts: false },
    history: [{ revision: 3, status: 'deployed', updated: '' }],
    namespaceExists: true,
    deployed: release,
    desired: release,
    dryRuns: [],
  }
  const end = await planCluster(open as unknown as Parameters<typeof planCluster>[0], 'nothing')
  return { end, run }
}

test('a plan of a cluster names the changes of RAM in order, and what was not checked', async () => {
  const { end, run } = await planRam()
  assert.deepEqual(end, { status: 'planned' })
  assert.deepEqual(
    run.plan?.map(({ title, change }) => [title, change]),
    [['RAM: create policy acr-nopass-c1; attach policy acr-nopass-c1 to role nodes', 'change']],
  )
  assert.match(run.plan?.[0]?.diff ?? '', /^\S.*\S$/s)
  assert.deepEqual(run.unverified, [{ id: 'EDGE_NODES', subject: 'cluster a' }])
  // An apply may make exactly these steps.
  assert.ok(run.steps?.length && run.steps.every((hash) => /^[0-9a-f]{32}$/.test(hash)), `${run.steps}`)
})

test('a plan names what RAM would keep, and a cluster that needs no permission has nothing that was not checked', async () => {
  const description = 'Managed by acr-nopass'
  const policy = {
    name: 'acr-nopass-c1',
    description,
    document: '{"Version":"1","Statement":[]}',
    defaultVersion: 'v1',
  }
  const there = { getPolicy: () => policy, listPolicyVersions: () => [], listPolicyEntities: () => undefined }
  const { run } = await planRam(there)
  assert.deepEqual(run.notes, [
    'RAM: would keep policy acr-nopass-c1 on roles that may not need it any more: ram:ListEntitiesForPolicy is denied',
  ])
  const { end, run: empty } = await planRam({}, true)
  assert.deepEqual([end, empty.plan], [{ status: 'unchanged' }, []])
})
