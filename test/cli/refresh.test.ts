import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeRefreshed, isHandled, serverTime } from '../../src/cli/refresh/refresh.ts'
import type { HelperStatus, RegistryStatus } from '../../src/installation/helper-status.ts'

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
const report = (registry: RegistryStatus, lastHandledRefresh?: string): HelperStatus =>
  ({ registries: [registry], lastHandledRefresh }) as unknown as HelperStatus

test('refresh waits until the helper has handled the newest request, whatever else changes in its report', () => {
  const newer = failing({ issuedAt: '2026-11-28T12:00:02.000Z' })
  const before = report(failing(), '')
  assert.equal(isHandled(report(newer, ''), NOW, before), false)
  assert.equal(isHandled(report(newer, '2026-11-28T11:00:00.000Z'), NOW, before), false)
  assert.equal(isHandled(report(newer, '2026-11-28T12:00:00.000Z'), NOW, before), true)
  assert.equal(isHandled(report(newer, ''), undefined, before), false)
})

test('a helper of 1.0.0 has handled a request once each registry has changed in its report', () => {
  const tried = failing({ triedAt: '2026-11-28T12:00:02.000Z' })
  assert.equal(isHandled(report(failing()), NOW, report(failing())), false)
  assert.equal(isHandled(report(tried), NOW, report(failing())), true)
  assert.equal(isHandled(report(tried), NOW, report(tried)), false)
  assert.equal(isHandled(report(failing({ edition: 'static' })), NOW, report(failing({ edition: 'static' }))), true)
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
