import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotationRequest } from '../../src/helper/credentials/rotation-request.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 1)
const cloud = (skew: number) => ({ now: () => NOW, skew: () => skew })
const noticed = (at: number) => ({ at, noticedAt: 7 })

test('a request that arrives now replaces every credential, also where the clock of the API server is an hour behind', () => {
  assert.deepEqual(rotationRequest(noticed(NOW - HOUR), true, cloud(0)), { olderThan: NOW, noticedAt: 7 })
  assert.deepEqual(rotationRequest(noticed(NOW + 1_000), true, cloud(0)), { olderThan: NOW + 1_000, noticedAt: 7 })
})

test('a request that was there before this process replaces only what is older than it', () => {
  assert.deepEqual(rotationRequest(noticed(NOW - HOUR), false, cloud(0)), { olderThan: NOW - HOUR, noticedAt: 7 })
})

test('the time of a request is moved only to a cloud that is ahead', () => {
  assert.equal(rotationRequest(noticed(NOW), false, cloud(-HOUR)).olderThan, NOW + HOUR)
  assert.equal(rotationRequest(noticed(NOW), false, cloud(HOUR)).olderThan, NOW)
})
