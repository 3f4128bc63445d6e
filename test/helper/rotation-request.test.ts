import assert from 'node:assert/strict'
import { test } from 'node:test'
import { earlierRequest } from '../../src/helper/credentials/rotation-request.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 1)
const cloud = (skew: number) => ({ now: () => NOW, skew: () => skew })

/** Noticed at 7 by the monotonic clock, which shows 10_007 now. */
const olderThan = (at: number, how: { isNew: boolean; led: boolean }, skew = 0): number =>
  earlierRequest({ at, noticedAt: 7, ...how }, 10_007, cloud(skew)).olderThan - NOW

test('a request that was there before this process counts by its time, but is never later than when it was noticed', () => {
  const there = { isNew: false, led: false }
  assert.equal(olderThan(NOW - HOUR, there), -HOUR - 2_000)
  assert.equal(olderThan(NOW + HOUR, there), -12_000)
})

test('the time of such a request is moved only to a cloud that is ahead', () => {
  const there = { isNew: false, led: false }
  assert.equal(olderThan(NOW - 2 * HOUR, there, -HOUR), -HOUR - 2_000)
  assert.equal(olderThan(NOW - 2 * HOUR, there, HOUR), -2 * HOUR - 2_000)
})

test("a request that this process saw come counts by when it came, whatever the API server's clock says", () => {
  for (const at of [NOW - HOUR, NOW + HOUR]) {
    assert.equal(olderThan(at, { isNew: true, led: true }), -10_000)
    assert.equal(olderThan(at, { isNew: true, led: false }), -12_000)
  }
})
