import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refreshAt, retryAt } from '../../src/acr/refresh-schedule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const life = fc.integer({ min: 1000, max: 24 * HOUR })
const issuedAt = fc.integer({ min: 0, max: 4e12 })

test('P3 a token is replaced after 60 to 70 % of its life, whatever its life is', () => {
  fc.assert(
    fc.property(issuedAt, life, random, (issued, lasts, jitter) => {
      const at = refreshAt({ issuedAt: issued, expiresAt: issued + lasts }, { random: jitter, sharedSession: false })
      const part = ((at ?? 0) - issued) / lasts
      assert.ok(part >= 0.599 && part <= 0.701, `${part}`)
    }),
  )
})

test('a login without end is never replaced', () => {
  assert.equal(refreshAt({ issuedAt: 0, expiresAt: null }, { random: 0, sharedSession: false }), null)
})

test('P3 with a shared session a refresh comes before the last 10 %, as long as a session has a minute left', () => {
  fc.assert(
    fc.property(issuedAt, fc.integer({ min: MINUTE, max: 12 * HOUR }), random, (issued, lasts, jitter) => {
      const at = refreshAt({ issuedAt: issued, expiresAt: issued + lasts }, { random: jitter, sharedSession: true })
      assert.ok((at ?? 0) <= issued + lasts * 0.9)
    }),
  )
})

test('a shared session is asked for at most every 5 minutes while more than that is left, and at most every 30 s then', () => {
  let now = 0
  const expiresAt = 6 * HOUR
  const pauses: number[] = []
  while (expiresAt - now > MINUTE) {
    const next = refreshAt({ issuedAt: now, expiresAt }, { random: 0.5, sharedSession: true }) ?? 0
    const left = expiresAt - now
    assert.ok(next - now >= (left > 5.6 * MINUTE ? 5 * MINUTE : MINUTE / 2))
    pauses.push(next - now)
    now = next
  }
  assert.ok(pauses.length <= 9, `${pauses.length}`)
})

test('waits after failures double with full jitter from 0.5 s to 2 min while the token lives', () => {
  const token = { issuedAt: 0, expiresAt: 24 * HOUR }
  const most = [1, 2, 3, 4, 5, 6, 7, 8, 30].map((failures) => retryAt({ now: 0, failures, token, random: 1 }))
  assert.deepEqual(most, [2000, 4000, 8000, 16_000, 32_000, 64_000, 120_000, 120_000, 120_000])
  assert.equal(retryAt({ now: 0, failures: 30, token, random: 0 }), 500)
})

test('once the token is over, or before there is one, the wait is at most a minute', () => {
  for (const token of [null, { issuedAt: 0, expiresAt: 10 }]) {
    assert.equal(retryAt({ now: 100, failures: 99, token, random: 1 }), 100 + MINUTE)
  }
})

test('a wait never costs more than a tenth of a token’s life (or 2 s)', () => {
  fc.assert(
    fc.property(life, fc.integer({ min: 1, max: 100 }), random, (lasts, failures, jitter) => {
      const wait = retryAt({ now: 0, failures, token: { issuedAt: 0, expiresAt: lasts }, random: jitter })
      assert.ok(wait <= Math.max(2000, lasts / 10))
    }),
  )
})
