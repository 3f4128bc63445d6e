import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlierRequest } from '../../src/helper/credentials/rotation-request.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 1)
const cloud = (skew: number) => ({ now: () => NOW, skew: () => skew })

/** A request that was noticed at 7 by the monotonic clock, which shows 10_007 now. */
const olderThan = (
  at: number,
  how: { isNew: boolean; led: boolean },
  { handled, skew = 0 }: { handled?: number; skew?: number } = {},
): number => earlierRequest({ at, noticedAt: 7, ...how }, handled, 10_007, cloud(skew)).olderThan - NOW

test('a request that the status does not report as handled replaces every credential, whatever the clocks show', () => {
  for (const handled of [Number.NaN, NOW - HOUR]) {
    assert.equal(olderThan(NOW, { isNew: true, led: false }, { handled }), Infinity)
    assert.equal(olderThan(NOW, { isNew: false, led: true }, { handled }), Infinity)
    assert.equal(olderThan(NOW, { isNew: false, led: false }, { handled }), Infinity)
  }
})

test('a request that this process noticed as the leader replaces every older credential', () => {
  const here = { isNew: true, led: true }
  assert.equal(olderThan(NOW + HOUR, here), -10_000)
  assert.equal(olderThan(NOW - HOUR, here, { handled: Number.NaN }), -10_000)
})

/**
 * The status reports the request as handled, or a helper of 1.0.0 wrote the status, which does not
 * report handled requests.
 */
const handledOrUnknown = (at: number) => [{ handled: at }, {}]

test('a handled request from before this process counts by its own time, but never as later than when it was noticed', () => {
  const there = { isNew: false, led: false }
  for (const how of handledOrUnknown(NOW - HOUR)) assert.equal(olderThan(NOW - HOUR, there, how), -HOUR - 2_000)
  for (const how of handledOrUnknown(NOW + HOUR)) assert.equal(olderThan(NOW + HOUR, there, how), -12_000)
})

test('the time of a handled request is moved only if the cloud’s clock is ahead', () => {
  const there = { isNew: false, led: false }
  for (const how of handledOrUnknown(NOW - 2 * HOUR)) {
    assert.equal(olderThan(NOW - 2 * HOUR, there, { ...how, skew: -HOUR }), -HOUR - 2_000)
    assert.equal(olderThan(NOW - 2 * HOUR, there, { ...how, skew: HOUR }), -2 * HOUR - 2_000)
  }
})

test('a handled request that this process noticed as a follower counts by the time it was noticed', () => {
  for (const at of [NOW - HOUR, NOW + HOUR]) {
    for (const how of handledOrUnknown(at)) assert.equal(olderThan(at, { isNew: true, led: false }, how), -12_000)
  }
})
