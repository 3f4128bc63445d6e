import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NopassError } from '../../src/errors.ts'
import { settle } from '../kube/fake-clock.ts'
import { MINUTE, OUTAGE, openRefresh } from './refresh-fixture.ts'

test('P3 a credential is always replaced after 60 to 70 % of its lifetime, and the first credential at any time before', async () => {
  const { clock, refresh, calls } = openRefresh()
  refresh.lead()
  await clock.advance(200 * MINUTE)
  assert.deepEqual(calls, [0, 24 * MINUTE, 63 * MINUTE, 102 * MINUTE, 141 * MINUTE, 180 * MINUTE])
})

test('P3 after an outage the next refresh is at any time in the lifetime, and the refresh after it as usual', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  refresh.lead()
  await clock.advance(30 * MINUTE)
  responses.splice(0, 1, OUTAGE)
  await clock.advance(60 * MINUTE)
  responses.splice(0, 1, 60 * MINUTE)
  await clock.advance(120 * MINUTE)
  const since = calls.filter((at) => at >= 90 * MINUTE).map((at) => at - (calls.find((one) => one >= 90 * MINUTE) ?? 0))
  assert.deepEqual(since, [0, 24 * MINUTE, 63 * MINUTE, 102 * MINUTE])
})

test('a failure keeps its start time while it repeats, and a different failure has a new start time', async () => {
  const { clock, refresh, responses } = openRefresh()
  responses.splice(0, 1, OUTAGE)
  refresh.lead()
  await clock.advance(0)
  const since = refresh.state.error?.at
  assert.equal(since, '2026-01-01T00:00:00.000Z')
  await clock.advance(20 * MINUTE)
  assert.ok(refresh.state.failures > 1)
  assert.equal(refresh.state.error?.at, since)
  responses.splice(0, 1, new NopassError('CLOUD_DENIED', 'no', { reason: 'NoPermission' }))
  await clock.advance(10 * MINUTE)
  assert.equal(refresh.state.error?.code, 'CLOUD_DENIED')
  assert.notEqual(refresh.state.error?.at, since)
})

test('a failure that repeats on request gets the time of that attempt; scheduled retries do not change the time', async () => {
  const { clock, refresh, responses } = openRefresh()
  responses.splice(0, 1, OUTAGE)
  refresh.lead()
  await clock.advance(10 * MINUTE)
  const { error, triedAt } = refresh.state
  assert.equal(triedAt, undefined)
  refresh.ask(clock.monotonic())
  await clock.advance(0)
  assert.deepEqual(refresh.state.error, error)
  assert.equal(refresh.state.triedAt, clock.now())
  const first = clock.now()
  await clock.advance(10 * MINUTE)
  assert.equal(refresh.state.triedAt, first)
  responses.splice(0, 1, 60 * MINUTE)
  await clock.advance(10 * MINUTE)
  assert.deepEqual([refresh.state.error, refresh.state.triedAt], [undefined, undefined])
})

test('the pause that a throttling cloud requests is respected', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  const throttled = new NopassError('CLOUD_THROTTLED', 'too many calls', { retryAfterMs: 3 * MINUTE })
  responses.unshift(throttled)
  refresh.lead()
  await clock.advance(10 * MINUTE)
  assert.deepEqual(calls, [0, 3.75 * MINUTE])
})

test('a refresh together with another registry replaces the credential and keeps the usual spread; a failed one changes nothing', async () => {
  const { clock, refresh, calls, responses, events } = openRefresh()
  refresh.lead()
  await clock.advance(30 * MINUTE)
  refresh.join()
  refresh.join()
  await clock.advance(MINUTE)
  assert.deepEqual(calls, [0, 24 * MINUTE, 30 * MINUTE])
  responses.unshift(OUTAGE)
  refresh.join()
  await clock.advance(45 * MINUTE)
  assert.deepEqual(calls, [0, 24 * MINUTE, 30 * MINUTE, 31 * MINUTE, 69 * MINUTE])
  assert.deepEqual([refresh.state.error, events.includes('failed')], [undefined, false])
})

test('P3 while the cloud responds, no credential ever has less than a tenth of its lifetime left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 60, max: 86_400 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.boolean(),
      async (seconds, random, sharedSession) => {
        const { clock, refresh } = openRefresh({ life: seconds * 1000, random, sharedSession })
        refresh.lead()
        await settle()
        for (let round = 0; round < 40; round += 1) {
          await clock.next()
          const { issuedAt, expiresAt } = refresh.state.live?.token ?? { issuedAt: 0, expiresAt: 0 }
          assert.ok(
            clock.now() <= (expiresAt ?? 0) - (seconds * 1000) / 10,
            `${clock.now() - issuedAt} of ${seconds * 1000}`,
          )
        }
        refresh.stop()
      },
    ),
    { numRuns: 60 },
  )
})

test('P2 while the cloud fails, nothing is removed, and calls are repeated at most every half second', async () => {
  const { clock, refresh, calls, tokens, events, responses } = openRefresh()
  refresh.lead()
  await clock.advance(MINUTE)
  responses.splice(0, 1, OUTAGE)
  await clock.advance(120 * MINUTE)
  assert.equal(refresh.state.live?.token.password, 'p1')
  assert.equal(tokens.length, 1)
  const pauses = calls.slice(2).map((at, index) => at - (calls[index + 1] ?? 0))
  assert.ok(Math.min(...pauses) >= 500 && Math.max(...pauses) <= 2 * MINUTE, JSON.stringify(pauses))
  assert.deepEqual(
    [refresh.state.error?.code, refresh.state.error?.reason, events.at(-1)],
    ['CLOUD_UNAVAILABLE', 'ServiceUnavailable', 'failed'],
  )
  responses.splice(0, 1, 60 * MINUTE)
  await clock.advance(2 * MINUTE)
  assert.deepEqual(
    [refresh.state.live?.token.password, refresh.state.error, refresh.state.failures],
    ['p2', undefined, 0],
  )
  assert.equal(refresh.state.urgent, true)
})

test('P2 a credential that the registry rejects never replaces a good one', async () => {
  const { clock, refresh, tokens, verdicts } = openRefresh()
  refresh.lead()
  await clock.advance(MINUTE)
  verdicts.splice(0, 1, 'refused')
  await clock.advance(45 * MINUTE)
  assert.equal(refresh.state.live?.token.password, 'p1')
  assert.deepEqual([refresh.state.error?.code, tokens.length], ['REGISTRY_LOGIN_REFUSED', 1])
  verdicts.splice(0, 1, 'unreachable')
  await clock.advance(3 * MINUTE)
  assert.notEqual(refresh.state.live?.token.password, 'p1')
  assert.equal(refresh.state.verified, 'unreachable')
})

test('a revoked credential is detected by a login check and replaced immediately', async () => {
  const { clock, refresh, tokens, events, verdicts } = openRefresh({ verifyIntervalMs: 5 * MINUTE })
  refresh.lead()
  await clock.advance(6 * MINUTE)
  assert.equal(tokens.length, 1)
  verdicts.splice(0, 1, 'refused', 'accepted')
  await clock.advance(4 * MINUTE + 1000)
  assert.deepEqual(
    tokens.map((one) => one.live?.token.password),
    ['p1', 'p2'],
  )
  assert.equal(tokens[1]?.urgent, true)
  assert.ok(events.includes('revoked'))
})

test('a refresh that becomes due during a failing coalesced refresh is not sent in the same second', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  refresh.lead()
  await clock.advance(63 * MINUTE - 3)
  const failsLater = new Promise<NopassError>((resolve) => clock.after(5, () => resolve(OUTAGE)))
  responses.splice(0, 1, { after: failsLater }, OUTAGE)
  refresh.join()
  await clock.advance(900)
  assert.deepEqual(calls.slice(2), [63 * MINUTE - 3])
  await clock.advance(100)
  assert.deepEqual(calls.slice(2), [63 * MINUTE - 3, 63 * MINUTE + 997])
})
