import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialState, type RegistryEntry, type RegistryState } from '../../src/helper/credentials/registry-state.ts'
import type { PlannedAction } from '../../src/helper/plan/actions.ts'
import { checkHealth, checkReadiness } from '../../src/helper/report/helper-pages.ts'
import { servePages } from '../../src/helper/report/http-server.ts'
import { createProblemStore } from '../../src/helper/report/problem-store.ts'
import { createStatusWriter, followStatus, provenFingerprints } from '../../src/helper/report/status-object.ts'
import { buildStatus } from '../../src/helper/report/status-report.ts'
import { judgeFailure } from '../../src/helper/writes/decision-problem.ts'
import { type HelperStatus, refreshRequestedAt } from '../../src/installation/helper-status.ts'
import { parseStatus } from '../../src/installation/read-report.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createFakeClock } from '../kube/fake-clock.ts'
import { config, live, NOW } from './plan-fixtures.ts'

const error = {
  code: 'CLOUD_DENIED',
  reason: 'NoPermission',
  message: 'no',
  fix: 'do',
  at: '2026-01-01T00:00:00.000Z',
}
const state = (name: string, more: Partial<RegistryState> = {}): RegistryState => ({
  ...initialState({ name, source: { key: `fp-${name}` } } as RegistryEntry, undefined),
  live: live(name),
  verified: 'accepted',
  ...more,
})
const decisions = (...all: PlannedAction[]) =>
  all.map((decision, index) => ({ key: { namespace: `n${index}` }, decision }))
const report = (more: Partial<Parameters<typeof buildStatus>[0]> = {}): HelperStatus =>
  buildStatus({
    version: '1.2.3',
    now: NOW,
    leader: 'pod-a',
    config: config(),
    configHash: 'hash',
    registries: [state('prod')],
    complete: true,
    decisions: decisions({ kind: 'current' }),
    problems: [],
    ...more,
  })

test('the report lists the behavior that could not be verified, and has no such field if there is none', () => {
  const unverified = [{ id: 'VPC_FALLBACK', subject: 'cr-vpc.cn-x.aliyuncs.com: cr.cn-x.aliyuncs.com' }] as const
  assert.deepEqual(report({ unverified }).unverified, unverified)
  assert.equal('unverified' in report({ unverified: [] }), false)
})

test('the report counts every object once: current, pending, or skipped for a reason', () => {
  const status = report({
    decisions: [
      ...decisions(
        { kind: 'current' },
        { kind: 'wait', reason: 'no-credential' },
        { kind: 'skip', reason: 'terminating' },
        { kind: 'none' },
        { kind: 'writeSecret', namespace: 'n', group: 'g', by: 'apply', precondition: undefined, reason: 'missing' },
      ),
      {
        key: { namespace: 'n', serviceAccount: 'default' },
        decision: { kind: 'skip', reason: 'foreign-list', manager: 'helm' },
      },
    ],
  })
  assert.deepEqual(status.namespaces, { total: 5, current: 1, pending: 2, skipped: { terminating: 1, retired: 1 } })
  assert.deepEqual(status.serviceAccounts, { total: 1, current: 0, pending: 0, skipped: { 'foreign-list': 1 } })
})

test('the report contains the state of each registry and no secret', () => {
  const status = report({
    registries: [
      state('prod'),
      state('new', { live: undefined, error }),
      state('worn', { error, verified: 'refused' }),
    ],
  })
  assert.deepEqual(
    status.registries.map((one) => [one.name, one.state, one.error?.code, one.expiresAt]),
    [
      ['prod', 'live', undefined, '2026-01-01T01:00:00.000Z'],
      ['new', 'pending', 'CLOUD_DENIED', undefined],
      ['worn', 'failing', 'CLOUD_DENIED', '2026-01-01T01:00:00.000Z'],
    ],
  )
  for (const word of ['-password', 'cr_temp_user']) assert.equal(JSON.stringify(status).includes(word), false)
})

test('P12 the report says retired when nothing is pending any more', () => {
  const retire = config({ retire: true })
  assert.equal(report({ config: retire, decisions: decisions({ kind: 'none' }) }).retired, true)
  assert.equal(report({ config: retire, decisions: decisions({ kind: 'wait', reason: 'detaching' }) }).retired, false)
  assert.equal(report({ config: retire, complete: false, decisions: [] }).retired, false)
  assert.equal(report({ decisions: decisions({ kind: 'none' }) }).retired, false)
})

test('a registry counts as proven if a report gives it a state other than pending', () => {
  const status = report({ registries: [state('prod'), state('new', { live: undefined, error })] })
  const object = {
    metadata: { name: 's', uid: 'u', resourceVersion: '1' },
    data: { 'status.json': JSON.stringify(status) },
  }
  assert.deepEqual([...provenFingerprints(parseStatus(object))], ['fp-prod'])
  assert.deepEqual([...provenFingerprints(parseStatus({ ...object, data: { 'status.json': 'none' } }))], [])
  const annotations = { 'acr-nopass.io/refresh-requested-at': '2026-01-01T00:00:00Z' }
  assert.equal(refreshRequestedAt({ ...object, metadata: { ...object.metadata, annotations } }), NOW)
  assert.equal(refreshRequestedAt(object), undefined)
})

/**
 * Creates a status writer. Records the texts that it sent, with their times. Controls the content
 * and the response of the next write.
 */
function openWriter(clock: ReturnType<typeof createFakeClock>) {
  const texts: string[] = []
  const times: number[] = []
  const next = { response: async (): Promise<unknown> => undefined, leader: 'a', busy: false }
  const client = {
    request: async ({ body }: KubeCall) => {
      texts.push((body as { data: Record<string, string> }).data['status.json'] ?? '')
      times.push(clock.monotonic())
      return next.response()
    },
  } as unknown as KubeClient
  const writer = createStatusWriter({
    client,
    clock,
    namespace: 'home',
    name: 's',
    build: () => ({ ...report(), leader: next.leader, updatedAt: String(clock.monotonic()) }),
    busy: () => next.busy,
    mayWrite: () => true,
    onProblem: () => undefined,
  })
  const write = async (leader: string): Promise<string> => {
    next.leader = leader
    writer.touch()
    await clock.advance(1_000)
    return texts.at(-1) ?? ''
  }
  return { writer, texts, times, next, write }
}

test('P7 the status is written after changes, on average once in 30 s with a burst of ten, and after the work in progress', async () => {
  const clock = createFakeClock()
  const { writer, times: writes, next } = openWriter(clock)
  next.busy = true
  writer.touch()
  await clock.advance(2_000)
  next.busy = false
  await clock.advance(1_000)
  assert.deepEqual(writes, [2_250])
  writer.touch()
  await clock.advance(60_000)
  assert.equal(writes.length, 1)
  for (next.leader of [...'bcdefghijkl']) {
    writer.touch()
    await clock.advance(1_000)
  }
  await clock.advance(60_000)
  const burst = Array.from({ length: 10 }, (_, second) => 63_250 + 1_000 * second)
  assert.deepEqual(writes, [2_250, ...burst, 93_250])
  writer.stop()
})

test('a status write that arrives after a later one is noticed and overwritten, but not a late event of the helper’s own write', async () => {
  const clock = createFakeClock()
  const { writer, texts, next } = openWriter(clock)
  writer.observe('from another leader')
  await clock.advance(1_000)
  assert.equal(texts.length, 0, 'nothing must be written before something changes')
  // There is no second write while one is in progress.
  next.response = () =>
    new Promise((_, reject) => void clock.after(20_000, () => reject(new KubeApiError(0, 'no response', {}))))
  writer.touch()
  await clock.advance(1_000)
  next.leader = 'b'
  writer.touch()
  await clock.advance(10_000)
  assert.equal(texts.length, 1)
  next.response = async () => undefined
  await clock.advance(10_000)
  assert.equal(texts.length, 2)
  next.leader = 'c'
  writer.touch()
  await clock.advance(1_000)
  assert.equal(texts.length, 3)
  for (const confirmed of texts.slice(1)) {
    writer.observe(confirmed)
    await clock.advance(1_000)
  }
  assert.equal(texts.length, 3)
  writer.observe(texts[0])
  await clock.advance(1_000)
  assert.deepEqual([texts.length, JSON.parse(texts[3] ?? '').leader], [4, 'c'])
  writer.observe(texts[3])
  await clock.advance(60_000)
  assert.equal(texts.length, 4)
  // A restore of etcd brings back a report that was replaced long ago.
  writer.observe(texts[2])
  await clock.advance(31_000)
  assert.deepEqual([texts.length, JSON.parse(texts[4] ?? '').leader], [5, 'c'])
  // Writes of another client are overwritten no faster than other changes are written.
  for (let time = 0; time < 600; time++) {
    writer.observe(`theirs ${time}`)
    await clock.advance(1_000)
  }
  assert.ok(texts.length <= 5 + 10 + 20, `${texts.length} writes`)
  writer.stop()
})

test('a status that replaces a foreign status is sent again after a failure, although it has not changed', async () => {
  const clock = createFakeClock()
  const { writer, texts, next, write } = openWriter(clock)
  writer.observe(await write('a'))
  next.response = async () => {
    next.response = async () => undefined
    throw new KubeApiError(0, 'no response', {})
  }
  writer.observe('foreign')
  await clock.advance(60_000)
  assert.equal(texts.length, 3)
  writer.stop()
})

test('a status from before a restore of etcd is replaced if it is delivered after a newer status and before the newer one’s response', async () => {
  const clock = createFakeClock()
  const { writer, texts, next, write } = openWriter(clock)
  const old = await write('a')
  writer.observe(old)
  const slow = Promise.withResolvers<unknown>()
  next.response = () => slow.promise
  const newest = await write('b')
  writer.observe(newest)
  writer.observe(old)
  next.response = async () => undefined
  slow.resolve(undefined)
  await clock.advance(60_000)
  assert.equal(JSON.parse(texts.at(-1) ?? '').leader, 'b')
  assert.equal(texts.length, 3)
  writer.stop()
})

test('a status from before a restore of etcd is replaced, even if the watch never delivered the newer status', async () => {
  const clock = createFakeClock()
  const { writer, texts, write } = openWriter(clock)
  const old = await write('a')
  await write('b')
  writer.observe(old)
  await clock.advance(60_000)
  assert.equal(texts.length, 2, 'it may be a late event')
  writer.rewind()
  await clock.advance(60_000)
  assert.equal(texts.length, 3)
  await clock.advance(600_000)
  assert.equal(texts.length, 3)
  writer.stop()
})

test('a status that cannot be built is reported and retried like a status that cannot be written', async () => {
  const clock = createFakeClock()
  let writes = 0
  let isBroken = true
  const problems: unknown[] = []
  const writer = createStatusWriter({
    client: {
      request: async () => {
        writes += 1
      },
    } as unknown as KubeClient,
    clock,
    namespace: 'home',
    name: 's',
    build() {
      if (isBroken) throw new Error('no status')
      return report()
    },
    busy: () => false,
    mayWrite: () => true,
    onProblem: (error) => problems.push(error),
  })
  writer.touch()
  await clock.advance(10 * 60_000)
  assert.deepEqual([writes, String(problems[0]), problems.length <= 10 + 20], [0, 'Error: no status', true])
  isBroken = false
  await clock.advance(31_000)
  assert.equal(writes, 1)
  writer.stop()
})

test('a helper is ready if its caches are complete, the status is read and each new registry is verified', () => {
  const good = {
    stopping: false,
    leaseMissing: false,
    leaseRefused: false,
    synced: true,
    statusRead: true,
    unproven: [],
  }
  assert.equal(checkReadiness(good).ok, true)
  assert.deepEqual(checkReadiness({ ...good, unproven: ['prod'] }), { ok: false, detail: 'no token yet for prod' })
  for (const one of [
    { synced: false },
    { statusRead: false },
    { stopping: true },
    { leaseMissing: true },
    { leaseRefused: true },
  ]) {
    assert.equal(checkReadiness({ ...good, ...one }).ok, false)
  }
})

test('a helper is alive unless a watch was not attempted for eleven minutes', () => {
  const now = 12 * 60_000
  assert.equal(checkHealth(now, [2 * 60_000]).ok, true)
  assert.equal(checkHealth(now, [2 * 60_000, 0]).ok, false)
})

test('a failed write is retried, delayed, slowed down or reported, depending on its cause', () => {
  const judge = (status: number, message = 'no', retryAfterMs?: number) => {
    const { outcome, retry, slowDownMs } = judgeFailure(
      new KubeApiError(status, message, retryAfterMs ? { retryAfterMs } : {}),
    )
    return [outcome, retry, slowDownMs]
  }
  assert.deepEqual(judge(409), ['conflict', 'backoff', 0])
  assert.deepEqual(judge(422, 'metadata.uid: Invalid value: field is immutable'), ['conflict', 'backoff', 0])
  assert.deepEqual(judge(422, 'type: field is immutable'), ['refused', { slowlyUpToMs: 600_000 }, 0])
  assert.deepEqual(judge(403), ['refused', { slowlyUpToMs: 120_000 }, 0])
  const ending =
    'secrets "acr-nopass" is forbidden: unable to create new content in namespace a because it is being terminated'
  assert.deepEqual(judge(403, ending), ['gone', 'backoff', 0])
  assert.deepEqual(judge(404), ['gone', 'never', 0])
  assert.deepEqual(judge(429, 'no', 7_000), ['throttled', 'backoff', 7_000])
  assert.deepEqual(judge(503), ['unavailable', 'backoff', 0])
  assert.deepEqual(judge(0), ['unavailable', 'backoff', 0])
  assert.deepEqual(judgeFailure(new Error('a bug')).outcome, 'unavailable')
})

test('a problem keeps its start time and is removed when it is solved', () => {
  let changes = 0
  const problemStore = createProblemStore(() => {
    changes += 1
  })
  const problem = (code: string, at: string) => ({ code, message: code, fix: 'do', at })
  problemStore.set('a', problem('X', '1'))
  problemStore.set('a', problem('X', '2'))
  problemStore.set('b', problem('Y', '3'))
  assert.deepEqual(
    problemStore.newest(5).map(({ code, at }) => [code, at]),
    [
      ['Y', '3'],
      ['X', '1'],
    ],
  )
  problemStore.clear('a')
  problemStore.clear('a')
  assert.deepEqual([problemStore.size, changes], [1, 3])
})

test('pages are served only for GET, each at its path, and a failing page as 500', async () => {
  const server = await servePages('127.0.0.1:0', {
    '/ok': () => ({ type: 'text/plain', body: 'fine' }),
    '/bad': () => {
      throw new Error('a bug')
    },
  })
  const send = async (path: string, method = 'GET') =>
    (await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status
  assert.deepEqual(
    await Promise.all([send('/ok'), send('/bad'), send('/none'), send('/ok', 'POST'), send('/__proto__')]),
    [200, 500, 404, 405, 404],
  )
  await server.close()
})

test('the status is watched without a version, so that the version never expires; a pause follows an error event', async () => {
  const clock = createFakeClock()
  const calls: string[] = []
  const client = {
    async request() {
      calls.push('GET')
      return { metadata: { name: 's', resourceVersion: '5' } }
    },
    watch(call: { query?: Record<string, unknown> }, onEvent: (event: unknown) => void, signal: AbortSignal) {
      calls.push(`WATCH ${call.query?.resourceVersion ?? 'now'}`)
      setImmediate(() => onEvent({ type: 'ERROR', object: { code: 410 } }))
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  } as unknown as KubeClient
  const stop = new AbortController()
  const options = { client, clock, random: () => 0.5, namespace: 'home', name: 's' }
  const done = followStatus({ ...options, onObject: () => undefined, onProblem: () => undefined }, stop.signal)
  await clock.advance(60_000)
  stop.abort()
  await done
  assert.deepEqual(calls.slice(0, 2), ['GET', 'WATCH now'])
  assert.ok(calls.length <= 20, `${calls.length} calls in a minute`)
})
