import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import {
  createApiServer,
  createCloud,
  createFakeClock,
  end,
  passwordsIn,
  registry,
  startHelper,
} from './helper-fixture.ts'

const MINUTE = 60_000

test('the log has lines for the start, the lead, a reload and the stop', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  helper.configure({ registries: [registry('a'), registry('b')] })
  await clock.advance(20_000)
  await end(clock, helper)
  const hashes = helper.lines.flatMap((line) => ('configHash' in line ? [line.configHash] : []))
  assert.equal(new Set(hashes).size, 2)
  const [first, second] = hashes
  assert.deepEqual(
    helper.lines.filter((line) => 'level' in line && line.level === 'info' && !('registry' in line)),
    [
      { level: 'info', message: 'started', version: '0.0.0', configHash: first, attach: 'admission' },
      { level: 'info', message: 'leading', lease: 'r' },
      { level: 'info', message: 'the caches are complete', namespaces: 2 },
      { level: 'info', message: 'the configuration was reloaded', configHash: second },
      { level: 'info', message: 'the caches are complete', namespaces: 2 },
      { level: 'info', message: 'stopping' },
      { level: 'info', message: 'stopped' },
    ],
  )
})

test('a helper that is stopped while it starts ends, and writes nothing', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  helper.stop.abort()
  await clock.advance(20_000)
  assert.equal(await helper.done, 'stopped')
  assert.ok(helper.log.includes('info stopping') && helper.log.at(-1) === 'info stopped')
  assert.deepEqual([server.calls.filter((call) => call.startsWith('PATCH')), cloud.calls], [[], []])
})

test('a helper that has ended watches nothing, and says nothing of a later signal', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const signals: (AbortSignal | undefined)[] = []
  const watch: KubeClient['watch'] = (call, onEvent, signal) => {
    signals.push(signal)
    return server.client.watch(call, onEvent, signal)
  }
  const helper = startHelper(server, clock, cloud, {}, { client: { ...server.client, watch } })
  await clock.advance(5_000)
  server.faults.add({ matches: ({ path }) => path.includes('/leases/'), status: 500 })
  await clock.advance(30_000)
  assert.equal(await helper.done, 'LEASE_LOST')
  assert.ok(signals.length > 1)
  assert.ok(signals.every((signal) => signal?.aborted))
  helper.stop.abort()
  assert.equal(helper.log.includes('info stopping'), false)
})

test('a replica that follows proves a registry of a new configuration before it leads', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const leader = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const follower = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(20_000)
  follower.configure({ registries: [registry('a'), registry('b')] })
  await clock.advance(20_000)
  assert.deepEqual([cloud.calls.includes('b'), follower.log.includes('info leading')], [true, false])
  await end(clock, follower)
  await end(clock, leader)
})

test('each refresh is counted by registry and result, and a metric shows the leader', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  cloud.responses.set('b', new Error('a bug'))
  const helper = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] })
  await clock.advance(5_000)
  const lines = async (name: string) =>
    (await helper.metrics.registry.getSingleMetricAsString(name)).split('\n').filter((line) => !line.startsWith('#'))
  const refreshes = await lines('acr_nopass_token_refresh_total')
  assert.ok(
    refreshes.some((line) => /registry="a",result="[^"]*"\} 1$/.test(line)),
    refreshes.join('\n'),
  )
  assert.ok(
    refreshes.some((line) => /registry="b"/.test(line)),
    refreshes.join('\n'),
  )
  assert.deepEqual(await lines('leader_election_master_status'), ['leader_election_master_status{name="r"} 1'])
  await end(clock, helper)
  assert.deepEqual(await lines('leader_election_master_status'), ['leader_election_master_status{name="r"} 0'])
})

test('a leader whose caches are not complete yet writes as soon as they are, with the credential it has', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const isList = ({ method, path }: KubeCall): boolean => method === 'GET' && path === '/api/v1/namespaces'
  const fault = { matches: isList, status: 503 }
  server.faults.add(fault)
  const helper = startHelper(server, clock, cloud)
  await clock.advance(20_000)
  assert.deepEqual([cloud.calls.length, passwordsIn(server, 'shop')], [1, {}])
  server.faults.delete(fault)
  await clock.advance(MINUTE)
  assert.deepEqual([cloud.calls.length, passwordsIn(server, 'shop')], [1, { 'a.example.com': 'one-a-1' }])
  await end(clock, helper)
})

test('a status that cannot be written or read is logged, and delays no Secret', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const isStatus = ({ path }: KubeCall): boolean => path.includes('/configmaps')
  server.faults.add({ matches: (call) => call.method === 'PATCH' && isStatus(call), status: 403 })
  const helper = startHelper(server, clock, cloud)
  await clock.advance(10_000)
  assert.deepEqual(passwordsIn(server, 'shop'), { 'a.example.com': 'one-a-1' })
  assert.ok(helper.log.some((line) => /^warn the status could not be written [A-Z_]+$/.test(line)))
  await end(clock, helper)
  server.faults.add({ matches: isStatus, status: 403 })
  const next = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(10_000)
  assert.ok(next.log.some((line) => /^debug the status could not be read [A-Z_]+$/.test(line)))
  await end(clock, next)
})

test('a Lease that cannot be read is logged at level debug with the error code', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const fault = { matches: ({ path }: KubeCall) => path.includes('/leases/'), status: 500 }
  server.faults.add(fault)
  const helper = startHelper(server, clock, cloud)
  await clock.advance(10_000)
  assert.ok(helper.log.some((line) => /^debug the Lease could not be read or written [A-Z_]+$/.test(line)))
  assert.equal(helper.log.includes('info leading'), false)
  server.faults.delete(fault)
  await clock.advance(10_000)
  assert.ok(helper.log.includes('info leading'))
  await end(clock, helper)
})

const key = (existingSecret: string): object => ({ type: 'access-key', accessKey: { existingSecret } })
const eci = (eciRoleName?: string): object => ({ type: 'worker-role', workerRole: { eciRoleName } })
const WORKER = { type: 'worker-role' }
for (const [what, before, after, isKept] of [
  ['an access key of another Secret', key('old'), key('new'), true],
  ['the same access key', key('old'), key('old'), false],
  ['an ECI role', WORKER, eci('r'), true],
  ['another ECI role', eci('r'), eci('s'), true],
  ['no ECI role any more', eci('r'), WORKER, true],
  ['the same ECI role', eci('r'), eci('r'), false],
  ['another type of identity', WORKER, key('new'), false],
  ['another type of identity with its own key', key('old'), WORKER, false],
] as const) {
  test(`a configuration with ${what} is ${isKept ? 'left to new Pods' : 'used by running Pods'}`, async () => {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    const helper = startHelper(server, clock, cloud, { identity: before })
    await clock.advance(5_000)
    helper.configure({ identity: after, registries: [registry('a'), registry('b')] })
    await clock.advance(20_000)
    const told = helper.log.join('\n')
    assert.equal(
      helper.log.includes('info the new configuration needs a new Pod; this Pod keeps its old configuration'),
      isKept,
      told,
    )
    assert.equal('b.example.com' in passwordsIn(server, 'shop'), !isKept, told)
    await end(clock, helper)
  })
}
