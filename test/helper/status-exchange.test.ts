import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RotationRequest } from '../../src/helper/credentials/rotation-request.ts'
import type { Log } from '../../src/helper/report/event-reporter.ts'
import { createStatusExchange } from '../../src/helper/report/status-exchange.ts'
import { type HelperStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { ANNOTATION_REFRESH_REQUESTED } from '../../src/kube/names.ts'
import { fixture } from '../doctor/fixture.ts'
import { createApiServer, createFakeClock } from './helper-fixture.ts'

const KEY = 'configmaps/home/r-status'
const REPORT = fixture().release?.status as HelperStatus
const [REGISTRY] = REPORT.registries

/** An exchange that follows the ConfigMap. `isLeader`: whether its replica leads. */
async function follow(options: { isLeader?: boolean; requested?: number; report?: Partial<HelperStatus> } = {}) {
  const { isLeader = true, requested, report } = options
  const [server, clock] = [createApiServer(), createFakeClock()]
  const state = { isLeader, isBusy: false, mayWrite: true }
  const calls: string[] = []
  const requests: RotationRequest[] = []
  const lines: string[] = []
  const write = (_fields: object, message: string): void => void lines.push(message)
  const log: Log = { isLevelEnabled: () => false, debug: write, info: write, warn: write, error: write }
  const annotate = (at: number) => ({ [ANNOTATION_REFRESH_REQUESTED]: new Date(at).toISOString() })
  /** Another client writes the ConfigMap. */
  const put = (at: number | undefined, report?: Partial<HelperStatus>): void => {
    const { metadata, data } = server.get(KEY) ?? {}
    const annotations = at === undefined ? {} : annotate(at)
    const text = report === undefined ? data : { [STATUS_KEY]: JSON.stringify({ ...REPORT, ...report }) }
    server.create(KEY, {
      metadata: { ...metadata, name: 'r-status', namespace: 'home', annotations } as never,
      ...(text && { data: text }),
    })
  }
  if (requested !== undefined || report !== undefined) put(requested, report)
  const exchange = createStatusExchange({
    client: server.client,
    clock,
    namespace: 'home',
    name: 'r-status',
    random: () => 0.5,
    cloud: { now: clock.now, skew: () => 0 },
    log,
    build: () => REPORT,
    busy: () => state.isBusy,
    mayWrite: () => state.mayWrite,
    isLeader: () => state.isLeader,
    onRead: () => void calls.push('read'),
    onRequest: (request) => void requests.push(request),
    onFirstRequest: () => void calls.push('first request'),
  })
  const stop = new AbortController()
  const running = exchange.follow(stop.signal)
  await clock.advance(1_000)
  return {
    ...{ server, clock, exchange, state, calls, requests, lines, put },
    async end() {
      stop.abort()
      exchange.stop()
      await running
    },
  }
}

const AT = Date.UTC(2026, 0, 1)

test('a request of a person reaches the leader once, however often its object is delivered again', async () => {
  const { clock, exchange, requests, calls, put, end } = await follow()
  assert.deepEqual([exchange.isRead, calls, requests], [true, ['read'], []])
  for (let round = 0; round < 3; round += 1) put(AT)
  await clock.advance(1_000)
  assert.deepEqual(
    requests.map(({ at, olderThan }) => [at, olderThan]),
    [[AT, Number.POSITIVE_INFINITY]],
  )
  assert.equal(exchange.earlierRequest()?.at, AT)
  await end()
})

test('a restored etcd brings back none of the last hundred requests', async () => {
  const { clock, requests, put, end } = await follow()
  for (let index = 0; index < 100; index += 1) {
    put(AT + index)
    await clock.advance(1)
  }
  assert.equal(requests.length, 100)
  for (const index of [0, 50, 99]) {
    put(AT + index)
    await clock.advance(1)
  }
  assert.equal(requests.length, 100)
  await end()
})

test('a request from before the start is left to the take-over, and a follower only remembers requests', async () => {
  const leader = await follow({ requested: AT })
  assert.deepEqual([leader.calls, leader.requests], [['read', 'first request'], []])
  assert.equal(leader.exchange.earlierRequest()?.at, AT)
  await leader.end()
  const follower = await follow({ isLeader: false, requested: AT })
  assert.deepEqual([follower.calls, follower.requests], [['read'], []])
  follower.put(AT + 1)
  await follower.clock.advance(1_000)
  assert.deepEqual([follower.calls, follower.requests], [['read'], []])
  assert.equal(follower.exchange.earlierRequest()?.at, AT + 1)
  await follower.end()
})

test('without a request there is none to handle after a take-over', async () => {
  const { exchange, end } = await follow()
  assert.equal(exchange.earlierRequest(), undefined)
  await end()
})

test('the first status shows which configurations other replicas have proven', async () => {
  const registries = ['live', 'failing', 'pending'].map((state) => ({ ...REGISTRY, state, fingerprint: state }))
  const report = { registries, leader: 'other' } as Partial<HelperStatus>
  const { exchange, end } = await follow({ isLeader: false, report })
  assert.deepEqual(
    ['live', 'failing', 'pending', 'none'].map((state) => exchange.isProven(state)),
    [true, true, false, false],
  )
  await end()
})

test('before the first status nothing is known of other replicas', async () => {
  const { exchange, end } = await follow({ isLeader: false })
  assert.deepEqual([exchange.isRead, exchange.isProven('live')], [true, false])
  await end()
})

test('only a leader that has read the status writes it, once there is something to report', async () => {
  const { server, clock, exchange, state, end } = await follow({ isLeader: false })
  const written = () => server.calls.filter((call) => call.startsWith('PATCH')).length
  exchange.touch()
  await clock.advance(60_000)
  assert.equal(written(), 0)
  state.isLeader = true
  state.mayWrite = false
  exchange.touch()
  await clock.advance(60_000)
  assert.equal(written(), 0)
  state.mayWrite = true
  exchange.touch()
  await clock.advance(60_000)
  assert.equal(written(), 1)
  await end()
})
