import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refreshAt, retryAt, spreadAfter } from '../../src/acr/refresh-schedule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const life = fc.integer({ min: 2000, max: 24 * HOUR })
const issuedAt = fc.integer({ min: 0, max: 4e12 })

test('P3 a token is replaced after 60 to 70 % of its lifetime, whatever that is', () => {
  fc.assert(
    fc.property(issuedAt, life, random, (issued, lasts, jitter) => {
      const at = refreshAt(
        { issuedAt: issued, expiresAt: issued + lasts },
        { random: jitter, sharedSession: false, spread: 'usual' },
      )
      const part = ((at ?? 0) - issued) / lasts
      assert.ok(part >= 0.599 && part <= 0.701, `${part}`)
    }),
  )
})

test('P3 spread over the whole lifetime, a token is replaced anywhere from 10 to 70 % of it, uniformly', () => {
  const token = { issuedAt: 1000, expiresAt: 101_000 }
  const at = [0, 0.25, 0.5, 0.75, 1].map((jitter) =>
    Math.round(refreshAt(token, { random: jitter, sharedSession: false, spread: 'whole' }) ?? 0),
  )
  assert.deepEqual(at, [11_000, 26_000, 41_000, 56_000, 71_000])
})

test('the first token, a requested one, and a late one start a spread over the whole lifetime; a regular one does not', () => {
  const before = { token: { issuedAt: 0, expiresAt: HOUR }, refreshAt: 40 * MINUTE }
  assert.equal(spreadAfter(undefined, 0), 'whole')
  assert.equal(spreadAfter(before, 43 * MINUTE), 'usual')
  assert.equal(spreadAfter(before, 43 * MINUTE + 1), 'whole')
  assert.equal(spreadAfter(before, 20 * MINUTE), 'usual')
  assert.equal(spreadAfter({ token: { issuedAt: 0, expiresAt: null }, refreshAt: null }, HOUR), 'usual')
})

test('a token is replaced within a day and not within a second, and a shared session by what is left of it', () => {
  const due = (life: number, sharedSession = false): number => {
    const at = refreshAt({ issuedAt: 7, expiresAt: 7 + life }, { random: 0.5, sharedSession, spread: 'usual' })
    return (at ?? 0) - 7
  }
  assert.deepEqual([due(48 * HOUR), due(HOUR)].map(Math.round), [15.6 * HOUR, 39 * MINUTE])
  assert.deepEqual([due(1), due(0), due(-HOUR)], [1000, 1000, 1000])
  const session = (life: number): number => Math.round(due(life, true))
  assert.deepEqual([HOUR, 7 * MINUTE, 333_334].map(session), [39 * MINUTE, 5 * MINUTE, 5 * MINUTE])
  assert.deepEqual([333_332, 4 * MINUTE, 50_000].map(session), [166_666, 2 * MINUTE, 30_000])
})

test('how late a token is counts from its own refresh, by its own lifetime', () => {
  const before = { token: { issuedAt: 10 * MINUTE, expiresAt: 10 * MINUTE + HOUR }, refreshAt: 50 * MINUTE }
  assert.deepEqual(
    [53 * MINUTE, 53 * MINUTE + 1].map((now) => spreadAfter(before, now)),
    ['usual', 'whole'],
  )
  // Whoever may write the annotations of the helper's own copy can combine both.
  assert.equal(spreadAfter({ ...before, refreshAt: null }, 2 * HOUR), 'usual')
  assert.equal(spreadAfter({ ...before, token: { issuedAt: 0, expiresAt: null } }, 2 * HOUR), 'usual')
})

test('a login without expiry is never replaced', () => {
  assert.equal(refreshAt({ issuedAt: 0, expiresAt: null }, { random: 0, sharedSession: false, spread: 'usual' }), null)
})

test('P3 with a shared session a refresh happens before the last 10 %, as long as a session has a minute left', () => {
  fc.assert(
    fc.property(issuedAt, fc.integer({ min: MINUTE, max: 12 * HOUR }), random, (issued, lasts, jitter) => {
      const at = refreshAt(
        { issuedAt: issued, expiresAt: issued + lasts },
        { random: jitter, sharedSession: true, spread: 'usual' },
      )
      assert.ok((at ?? 0) <= issued + lasts * 0.9)
    }),
  )
})

test('a shared session is requested at most every 5 minutes while more than that is left, and at most every 30 s then', () => {
  let now = 0
  const expiresAt = 6 * HOUR
  const pauses: number[] = []
  while (expiresAt - now > MINUTE) {
    const next = refreshAt({ issuedAt: now, expiresAt }, { random: 0.5, sharedSession: true, spread: 'usual' }) ?? 0
    const left = expiresAt - now
    assert.ok(next - now >= (left > 5.6 * MINUTE ? 5 * MINUTE : MINUTE / 2))
    pauses.push(next - now)
    now = next
  }
  assert.ok(pauses.length <= 9, `${pauses.length}`)
})

test('waits after failures double with full jitter from 0.5 s to 2 min while the token is valid', () => {
  const token = { issuedAt: 0, expiresAt: 24 * HOUR }
  const most = [1, 2, 3, 4, 5, 6, 7, 8, 30].map((failures) => retryAt({ now: 0, failures, token, random: 1 }))
  assert.deepEqual(most, [2000, 4000, 8000, 16_000, 32_000, 64_000, 120_000, 120_000, 120_000])
  assert.equal(retryAt({ now: 0, failures: 30, token, random: 0 }), 500)
})

test('once the token has expired, or before the first one, the wait is at most a minute', () => {
  for (const token of [null, { issuedAt: 0, expiresAt: 10 }]) {
    assert.equal(retryAt({ now: 100, failures: 99, token, random: 1 }), 100 + MINUTE)
  }
})

test('a retry waits two minutes for a login without expiry, a minute after the end of a token, and as long as after one failure if none is counted', () => {
  const wait = (token: Parameters<typeof retryAt>[0]['token'], now: number, failures = 30): number =>
    retryAt({ now, failures, token, random: 1 }) - now
  assert.equal(wait({ issuedAt: 0, expiresAt: null }, 5), 2 * MINUTE)
  const token = { issuedAt: 100_000, expiresAt: 300_000 }
  assert.deepEqual([wait(token, 299_999), wait(token, 300_000)], [20_000, MINUTE])
  assert.deepEqual([wait(token, 200_000, 0), wait(token, 200_000, 1)], [2000, 2000])
})

test('a pause that the cloud requests is kept, up to ten minutes, and ends at different times', () => {
  const token = { issuedAt: 0, expiresAt: HOUR }
  const wait = (retryAfterMs: number, jitter: number): number =>
    retryAt({ now: 0, failures: 1, token, random: jitter, retryAfterMs })
  assert.deepEqual([wait(90_000, 0), wait(90_000, 1)], [90_000, 135_000])
  assert.deepEqual([wait(HOUR, 0), wait(HOUR, 1)], [10 * MINUTE, 15 * MINUTE])
  assert.deepEqual([wait(100, 0), wait(100, 1)], [500, 2000])
})

test('a wait never costs more than a tenth of a token’s lifetime (or 2 s)', () => {
  fc.assert(
    fc.property(life, fc.integer({ min: 1, max: 100 }), random, (lasts, failures, jitter) => {
      const wait = retryAt({ now: 0, failures, token: { issuedAt: 0, expiresAt: lasts }, random: jitter })
      assert.ok(wait <= Math.max(2000, lasts / 10))
    }),
  )
})
