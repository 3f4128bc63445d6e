import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import type { ProxiedRequest } from '../support/faults/fault-rules.ts'
import { openFaultFixture } from './fault-fixture.ts'
import { contentOf, HOME, RELEASE } from './helper-cluster.ts'

// Two replicas. A rotation takes two seconds, so that it can be interrupted half-way.
const fixture = await openFaultFixture('fault-leader', { namespaces: 40 })
after(() => fixture[Symbol.asyncDispose]())
const { helperCluster, proxy, invariants } = fixture

const held = (context: TestContext, id: string, since: number) =>
  invariants.assertHeld(context, { id, area: 'process', since, namespaces: fixture.served })
const content = async (namespace: string) => contentOf(await helperCluster.secret(namespace))
const isWrite = ({ method }: ProxiedRequest) => method !== 'GET'
/** Records the names of the Pods that hold the Lease from now on; '' while no Pod holds it. */
async function followHolders(): Promise<{ stop(): Promise<string[]> }> {
  const holders: string[] = []
  const end = new AbortController()
  const path = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases`
  const watching = helperCluster.admin.watch<{ spec: { holderIdentity?: string } }>(
    { path, query: { fieldSelector: `metadata.name=${RELEASE}` } },
    ({ object }) => {
      const name = object.spec.holderIdentity?.split('_')[0] ?? ''
      if (holders.at(-1) !== name) holders.push(name)
    },
    end.signal,
  )
  const over = watching.catch(() => undefined)
  await eventually(() => assert.equal(holders.length, 1))
  return {
    async stop() {
      end.abort()
      await over
      return holders
    },
  }
}
const otherLeader = (than: string) =>
  eventually(async () => {
    const leader = await helperCluster.leader()
    assert.notEqual(leader.name, than)
    return leader
  }, 60_000)

/**
 * Requests a rotation and waits until some Secrets have the new content. The other Secrets are
 * being written at that moment.
 */
async function beginRotation(): Promise<string> {
  const before = await content(HOME)
  await helperCluster.requestRotation()
  await eventually(async () => assert.notEqual(await content(HOME), before), 30_000, 10)
  return before
}

test('P2 a leader that is paused past its lease starts no further write, and its pending write replaces nothing newer', async (context) => {
  const paused = await helperCluster.leader()
  let release = (): void => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  const match = (call: ProxiedRequest) => isWrite(call) && call.url.includes('/namespaces/team-7/secrets/')
  const hold = proxy.fault({ match, fault: { kind: 'hold', until }, times: 1 })
  await helperCluster.requestRotation()
  await eventually(() => assert.equal(hold.affected, 1), 30_000, 10)
  helperCluster.node.signal(`${HOME}/${paused.name}`, 'SIGSTOP')
  const begin = performance.now()
  await otherLeader(paused.name)
  // The successor finishes that rotation, and performs another.
  await eventually(async () => assert.equal(await content('team-7'), await content(HOME)), 60_000)
  await beginRotation()
  await held(context, 'leader-paused', begin)
  const newer = await helperCluster.secret('team-7')
  release()
  const sent = proxy.calls.filter((call) => call.pod === paused.name && match(call))
  await eventually(() => assert.equal(sent.at(-1)?.status, 409))
  assert.deepEqual(await helperCluster.secret('team-7'), newer)
  const { count } = await fixture.ends(paused.name)
  const from = proxy.calls.length
  helperCluster.node.signal(`${HOME}/${paused.name}`, 'SIGCONT')
  await eventually(
    async () => assert.deepEqual(await fixture.ends(paused.name), { count: count + 1, exitCode: 1 }),
    60_000,
  )
  await fixture.addNamespace('after-pause')
  await held(context, 'leader-resumed', performance.now())
  assert.deepEqual(
    proxy.calls
      .slice(from)
      .filter((call) => call.pod === paused.name && isWrite(call))
      .map(({ method, url }) => `${method} ${url}`),
    [],
  )
})

test('P2 SIGTERM in the middle of a rotation: the leader exits cleanly, releases the lease, and the other replica completes the rotation', async (context) => {
  const terminated = await helperCluster.leader()
  const { count } = await fixture.ends(terminated.name)
  const before = await beginRotation()
  const behind = async () => {
    const all = await Promise.all(fixture.served.map(content))
    return all.filter((text) => text === before).length
  }
  assert.ok((await behind()) > 0)
  const holders = await followHolders()
  const since = performance.now()
  helperCluster.node.signal(`${HOME}/${terminated.name}`, 'SIGTERM')
  await eventually(
    async () => assert.deepEqual(await fixture.ends(terminated.name), { count: count + 1, exitCode: 0 }),
    60_000,
  )
  const next = await otherLeader(terminated.name)
  await held(context, 'leader-terminated', since)
  assert.equal(await behind(), 0)
  // The Lease was released before it expired.
  assert.deepEqual(await holders.stop(), [terminated.name, '', next.name])
})

test('P2 kill -9 in the middle of a rotation: another leader completes the rotation', async (context) => {
  const killed = await helperCluster.leader()
  const before = await beginRotation()
  const since = performance.now()
  helperCluster.node.signal(`${HOME}/${killed.name}`, 'SIGKILL')
  await held(context, 'leader-killed', since)
  for (const namespace of fixture.served) assert.notEqual(await content(namespace), before)
})
