import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLeadership } from '../../src/helper/leadership.ts'
import type { Log } from '../../src/helper/report/event-reporter.ts'
import { createMetrics } from '../../src/helper/report/metrics.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import { createApiServer, createFakeClock, type Fault } from './helper-fixture.ts'

const RELEASE = { name: 'r', namespace: 'home', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'r-status' }
const LEASE = 'leases/home/r'

/** A replica that follows or leads. `before` prepares the API server. */
function start(before: (server: ReturnType<typeof createApiServer>) => void = () => undefined) {
  const [server, clock, metrics] = [createApiServer(), createFakeClock(), createMetrics()]
  before(server)
  const lines: object[] = []
  const calls: string[] = []
  const write = (level: string) => (fields: object, message: string) => void lines.push({ level, ...fields, message })
  const log: Log = {
    isLevelEnabled: () => true,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  const leadership = createLeadership({
    client: server.client,
    clock,
    random: () => 0.5,
    identity: 'one_x',
    durations: undefined,
    release: RELEASE as never,
    log,
    metrics,
    onAcquired: () => void calls.push('acquired'),
    onRewound: () => void calls.push('rewound'),
  })
  const [stop, stopping] = [new AbortController(), new AbortController()]
  const done = leadership.run(stop.signal, stopping.signal).then(
    () => 'stopped',
    (error: { readonly code: string; readonly message: string }) => `${error.code} ${error.message}`,
  )
  const metric = async () =>
    (await metrics.registry.getSingleMetricAsString('leader_election_master_status'))
      .split('\n')
      .filter((line) => !line.startsWith('#'))
  const ofLevel = (level: string) => lines.filter((line) => (line as { readonly level: string }).level === level)
  /** Stops the replica, and returns how it ended. */
  const end = async (): Promise<string> => {
    stop.abort()
    await clock.advance(5_000)
    return done
  }
  return { server, clock, leadership, end, stopping, done, lines, calls, metric, ofLevel }
}
const refusing = (method: string, status: number): Fault => ({
  matches: (call: KubeCall) => call.method === method && call.path.includes('/leases'),
  status,
})

test('a replica that leads says so once, in the log, in a metric and to the helper', async () => {
  const { clock, leadership, end, lines, calls, metric } = start()
  assert.deepEqual([leadership.isLeader(), leadership.holder, calls], [false, '', []])
  await clock.advance(5_000)
  assert.deepEqual(lines, [{ level: 'info', lease: 'r', message: 'leading' }])
  assert.deepEqual([leadership.isLeader(), leadership.holder, calls], [true, 'one_x', ['acquired']])
  assert.deepEqual([leadership.missing, leadership.refused], [false, false])
  assert.deepEqual(await metric(), ['leader_election_master_status{name="r"} 1'])
  assert.equal(await end(), 'stopped')
  assert.deepEqual(await metric(), ['leader_election_master_status{name="r"} 0'])
})

test('a lease that is lost ends the process, unless it stops anyway', async () => {
  for (const isStopping of [false, true]) {
    const { server, clock, done, metric, stopping } = start()
    await clock.advance(5_000)
    server.faults.add({ matches: ({ path }) => path.includes('/leases/'), status: 500 })
    if (isStopping) stopping.abort()
    await clock.advance(30_000)
    assert.equal(await done, isStopping ? 'stopped' : 'LEASE_LOST the lease r was lost')
    assert.deepEqual(await metric(), ['leader_election_master_status{name="r"} 0'])
  }
})

test('a follower names the holder', async () => {
  const spec = {
    holderIdentity: 'two_y',
    leaseDurationSeconds: 15,
    renewTime: '2026-01-01T00:00:00.000000Z',
    leaseTransitions: 1,
  }
  const { clock, leadership, end, calls } = start((server) => server.create(LEASE, { spec }))
  await clock.advance(2_500)
  assert.deepEqual([leadership.isLeader(), leadership.holder, calls], [false, 'two_y', []])
  assert.equal(await end(), 'stopped')
})

test('a lease that did not exist is created, and that is logged', async () => {
  const { clock, leadership, end, lines } = start((server) => server.remove(LEASE))
  await clock.advance(45_000)
  assert.equal(leadership.isLeader(), true)
  const infos = lines.filter((line) => (line as { readonly level: string }).level !== 'debug')
  assert.deepEqual(infos, [
    { level: 'info', lease: 'r', message: 'the lease did not exist and was created' },
    { level: 'info', lease: 'r', message: 'leading' },
  ])
  await end()
})

test('a lease that cannot be created is a problem with a fix until it exists again', async () => {
  const { server, clock, leadership, end, ofLevel } = start((server) => {
    server.remove(LEASE)
    server.faults.add(refusing('PATCH', 403))
  })
  await clock.advance(45_000)
  const [error] = ofLevel('error') as [{ readonly code: string; readonly message: string }]
  assert.deepEqual([error.code, leadership.missing, leadership.refused], ['LEASE_MISSING', true, false])
  assert.match(
    error.message,
    /^the Lease home\/r does not exist and cannot be created, so no replica can become the leader\. \S/,
  )
  assert.deepEqual(ofLevel('error'), [{ ...error, level: 'error', lease: 'r' }])
  assert.ok(ofLevel('debug').length > 0)
  for (const line of ofLevel('debug')) {
    const { code: why, message: what } = line as { readonly code: string; readonly message: string }
    assert.match(`${what} ${why}`, /^the Lease could not be read or written KUBE_[A-Z_]+$/)
  }
  server.create(LEASE)
  await clock.advance(10_000)
  assert.deepEqual([leadership.missing, leadership.isLeader()], [false, true])
  assert.deepEqual(ofLevel('info'), [
    { level: 'info', lease: 'r', message: 'the lease exists again' },
    { level: 'info', lease: 'r', message: 'leading' },
  ])
  await end()
})

test('a lease that this replica may not take is a problem with its reason and fix until it may', async () => {
  const fault = refusing('PUT', 422)
  const { server, clock, leadership, end, ofLevel } = start((server) => server.faults.add(fault))
  await clock.advance(30_000)
  const [error] = ofLevel('error') as [{ readonly code: string; readonly message: string }]
  assert.deepEqual([error.code, leadership.missing, leadership.refused], ['LEASE_REFUSED', false, true])
  assert.match(error.message, /^the Lease home\/r cannot be acquired, so this replica cannot lead: .*a fault/)
  assert.match(error.message, /The message names what refuses it: .*: kubectl -n home delete lease r$/)
  assert.deepEqual(ofLevel('error'), [{ ...error, level: 'error', lease: 'r' }])
  server.faults.delete(fault)
  await clock.advance(10_000)
  assert.deepEqual([leadership.refused, leadership.isLeader()], [false, true])
  assert.deepEqual(ofLevel('info'), [
    { level: 'info', lease: 'r', message: 'the lease can be acquired again' },
    { level: 'info', lease: 'r', message: 'leading' },
  ])
  await end()
})

test('a lease in an older version, as after a restore of etcd, makes the helper read everything again', async () => {
  const { server, clock, end, calls, leadership } = start()
  await clock.advance(10_000)
  server.rewind(LEASE)
  await clock.advance(5_000)
  assert.deepEqual([calls, leadership.isLeader()], [['acquired', 'rewound'], true])
  await end()
})
