import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, names, openHelperCluster, SECRET, type Secret } from './helper-cluster.ts'

const helperCluster = await openHelperCluster('helper-faults')
after(() => helperCluster[Symbol.asyncDispose]())
const { admin, cloud } = helperCluster
const teams = Array.from({ length: 40 }, (_, index) => `team-${index}`)
await Promise.all(teams.map((name) => helperCluster.chart.createNamespace(name)))
// Each list has one entry of another client, which must survive all of the following.
for (const namespace of teams) {
  await admin.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/default`,
    contentType: MERGE_PATCH,
    body: { imagePullSecrets: [{ name: 'theirs' }] },
  })
}
// Two replicas. A rotation of 40 namespaces takes two seconds, so that it can be interrupted
// half-way.
await helperCluster.install()
await helperCluster.settled()

const all = [...teams, HOME]
const secrets = async (): Promise<Map<string, Secret | undefined>> =>
  new Map(await Promise.all(all.map(async (name) => [name, await helperCluster.secret(name)] as const)))
const contents = (of: Map<string, Secret | undefined>): Set<string> => new Set([...of.values()].map(contentOf))

/**
 * Checks that nothing is lost or half-done: the same content everywhere, the same objects, entries
 * of other clients first, our entry once.
 */
async function assertWhole(before: Map<string, Secret | undefined>, limitMs: number): Promise<void> {
  const old = contents(before)
  await eventually(async () => {
    const now = await secrets()
    assert.equal(contents(now).size, 1)
    assert.equal(old.has([...contents(now)][0] ?? ''), false)
  }, limitMs)
  for (const [name, secret] of await secrets()) assert.equal(secret?.metadata.uid, before.get(name)?.metadata.uid)
  for (const name of teams) assert.deepEqual(names(await helperCluster.account(name)), ['theirs', SECRET])
}

/** Waits until some Secrets have the new content and some do not. */
async function middle(before: Map<string, Secret | undefined>): Promise<void> {
  await eventually(
    async () => {
      const changed = [...(await secrets())].filter(([name, one]) => contentOf(one) !== contentOf(before.get(name)))
      assert.ok(changed.length >= 3, `${changed.length} changed`)
    },
    10_000,
    10,
  )
}

test('P2 kill -9 of the leader in the middle of a rotation: the rotation is completed in place, and nothing is lost', async () => {
  const before = await secrets()
  await helperCluster.requestRotation()
  await middle(before)
  const pod = await helperCluster.leader()
  assert.equal(helperCluster.node.signal(`${HOME}/${pod.name}`, 'SIGKILL'), true)
  await assertWhole(before, 40_000)
})

test('P2 the cloud fails during a rotation: every Secret keeps its content, and is updated when the cloud is back', async () => {
  const before = await secrets()
  const match = { product: 'cr' }
  cloud.faults.add({ kind: 'html', times: 2, match })
  cloud.faults.add({ kind: 'cut', times: 2, match })
  cloud.faults.add({ kind: 'status', status: 503, code: 'ServiceUnavailable', times: Number.POSITIVE_INFINITY, match })
  const failed = () => cloud.calls.filter(({ code }) => code !== '').length
  const calls = failed()
  await helperCluster.requestRotation()
  await eventually(() => assert.ok(failed() > calls + 6), 30_000)
  assert.deepEqual(contents(await secrets()), contents(before))
  await eventually(async () => {
    const { registries = [] } = (await helperCluster.status()) ?? {}
    assert.deepEqual(
      registries.map(({ state }) => state),
      ['failing'],
    )
  }, 60_000)
  cloud.faults.clear()
  await assertWhole(before, 40_000)
})

test('P3 a credential that the registry rejects is replaced automatically', async () => {
  await helperCluster.install({ verify: { interval: '1s' } })
  const before = await secrets()
  cloud.control.expireTokens()
  await assertWhole(before, 30_000)
})

test('a wrong instance id keeps the new Pods unready while the old ones keep serving; every Secret stays', async () => {
  const before = await secrets()
  const [demo] = cloud.instances.filter(({ edition }) => edition === 'enterprise')
  const registry = (instanceId: string | undefined) => ({
    registries: [{ name: 'demo', edition: 'enterprise', instanceId, region: 'cn-hangzhou' }],
  })
  const old = new Set(helperCluster.helpers().map(({ name }) => name))
  await helperCluster.install(registry('cri-0000000000000000'))
  const fresh = await eventually(() => {
    const pod = helperCluster.helpers().find(({ name }) => !old.has(name))
    assert.ok(pod)
    return pod
  }, 20_000)
  const ready = async (ip: string) => (await fetch(`http://${ip}:8080/readyz`)).text()
  await eventually(async () => assert.equal(await ready(fresh.ip), 'no token yet for demo\n'), 20_000)
  await helperCluster.chart.createNamespace('meanwhile')
  await eventually(async () => assert.equal(await helperCluster.isUsable('meanwhile'), true))
  assert.deepEqual(contents(await secrets()), contents(before))
  await helperCluster.install(registry(demo?.id))
})

test('a leader that was paused past its lease starts no write when it continues', async () => {
  const pod = await eventually(() => helperCluster.leader(), 30_000)
  helperCluster.node.signal(`${HOME}/${pod.name}`, 'SIGSTOP')
  const next = await eventually(async () => {
    const leader = await helperCluster.leader()
    assert.notEqual(leader.name, pod.name)
    return leader
  }, 40_000)
  await helperCluster.chart.createNamespace('paused')
  await eventually(async () => assert.equal(await helperCluster.isUsable('paused'), true))
  const from = helperCluster.auditLength()
  helperCluster.node.signal(`${HOME}/${pod.name}`, 'SIGCONT')
  // On a busy machine the node restarts a process that fails its probes before the process
  // continues. The new process has not led yet.
  await eventually(() => {
    const log = helperCluster.node.log(`${HOME}/${pod.name}`)
    assert.ok(log.includes('LEASE_LOST') || !log.includes('"leading"'), log)
  }, 20_000)
  await helperCluster.chart.createNamespace('resumed')
  await eventually(async () => assert.equal(await helperCluster.isUsable('resumed'), true))
  // The other replica may replace credentials when it takes over. This replica writes nothing.
  const writesOf = (name: string): readonly string[] =>
    helperCluster
      .requests(from)
      .filter(({ verb, user }) => {
        const [by] = user.extra?.['authentication.kubernetes.io/pod-name'] ?? []
        return verb === 'patch' && by === name
      })
      .map(({ requestURI }) => requestURI)
  assert.notDeepEqual(writesOf(next.name), [])
  assert.deepEqual(writesOf(pod.name), [])
  assert.equal((await helperCluster.leader()).name, next.name)
})
