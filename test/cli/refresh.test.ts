import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverTime } from '../../src/cli/refresh/refresh.ts'

const NOW = Date.parse('2026-11-28T12:00:00Z')
const HOUR = 3_600_000

test("P4 refresh requests new tokens at the API server's time, whatever the clock of this machine says", () => {
  const second = '2026-11-28T12:00:01.000Z'
  assert.equal(serverTime(NOW).toISOString(), second)
  assert.equal(serverTime(NOW + 2 * HOUR, 2 * HOUR).toISOString(), second)
  assert.equal(serverTime(NOW - 2 * HOUR, -2 * HOUR).toISOString(), second)
})
