import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeRefreshed, isRefreshed, serverTime } from '../../src/cli/refresh/refresh.ts'
import type { HelperStatus, RegistryStatus } from '../../src/release/helper-status.ts'

const NOW = Date.parse('2026-11-28T12:00:00Z')
const HOUR = 3_600_000

test("P4 refresh requests new tokens with the API server's time, whatever the clock of this machine shows", () => {
  const second = '2026-11-28T12:00:01.000Z'
  assert.equal(serverTime(NOW).toISOString(), second)
  assert.equal(serverTime(NOW + 2 * HOUR, 2 * HOUR).toISOString(), second)
  assert.equal(serverTime(NOW - 2 * HOUR, -2 * HOUR).toISOString(), second)
})

const failing = (more: Partial<RegistryStatus> = {}): RegistryStatus => ({
  name: 'prod',
  edition: 'enterprise',
  fingerprint: 'fp',
  domains: [],
  state: 'failing',
  issuedAt: '2026-11-28T09:00:00.000Z',
  verified: 'accepted',
  error: { code: 'CLOUD_DENIED', message: 'not allowed', fix: 'Allow it.', at: '2026-11-28T10:00:00.000Z' },
  ...more,
})
const report = (registry: RegistryStatus): HelperStatus => ({ registries: [registry] }) as unknown as HelperStatus

test('a registry that fails as before has processed a request once it was tried again; old reports have no such time', () => {
  const tried = failing({ triedAt: '2026-11-28T12:00:02.000Z' })
  assert.equal(isRefreshed(failing(), report(failing())), false)
  assert.equal(isRefreshed(tried, report(failing())), true)
  assert.equal(isRefreshed(tried, report(tried)), false)
  assert.equal(isRefreshed({ ...tried, triedAt: '2026-11-28T12:10:02.000Z' }, report(tried)), true)
  assert.equal(isRefreshed(failing({ issuedAt: '2026-11-28T12:00:02.000Z' }), report(failing())), true)
})

test('for a registry that fails as before the time of the try is printed, and that of the first failure', () => {
  assert.equal(
    describeRefreshed(failing({ triedAt: '2026-11-28T12:00:02.000Z' })),
    'prod: tried at 2026-11-28T12:00:02.000Z, fails as before, since 2026-11-28T10:00:00.000Z: CLOUD_DENIED: not allowed\n  fix: Allow it.',
  )
  assert.equal(describeRefreshed(failing()), 'prod: CLOUD_DENIED: not allowed\n  fix: Allow it.')
  // A failure other than the one that the request met.
  assert.equal(describeRefreshed(failing({ triedAt: '2026-11-28T09:30:00.000Z' })), describeRefreshed(failing()))
})
