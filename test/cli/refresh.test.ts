import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeRefreshed, isHandled, serverTime, waitForTokens } from '../../src/cli/refresh/refresh.ts'
import { type HelperStatus, type RegistryStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { helperReport, reportedRegistry } from '../support/reports.ts'

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
    'prod: failed again at 2026-11-28T12:00:02.000Z, first at 2026-11-28T10:00:00.000Z: CLOUD_DENIED: not allowed\n  fix: Allow it.',
  )
  assert.equal(describeRefreshed(failing()), 'prod: CLOUD_DENIED: not allowed\n  fix: Allow it.')
  // The failure differs from the failure of this request.
  assert.equal(describeRefreshed(failing({ triedAt: '2026-11-28T09:30:00.000Z' })), describeRefreshed(failing()))
})

/** Returns the registries that a refresh reports as handled, or its error. */
async function waited(registries: readonly object[], names: readonly string[]): Promise<readonly string[] | string> {
  const at = '2026-11-28T12:00:00.000Z'
  const report = helperReport(registries as readonly RegistryStatus[], { lastHandledRefresh: at })
  const object = {
    metadata: { annotations: { 'acr-nopass.io/refresh-requested-at': at } },
    data: { [STATUS_KEY]: JSON.stringify(report) },
  }
  const client = { request: async () => object } as unknown as KubeClient
  const place = { namespace: 'n', name: 's' }
  return waitForTokens({ client, signal: AbortSignal.timeout(60_000) }, place, { before: undefined, names, limitMs: 0 })
    .then((found) => found.map(({ name }) => name))
    .catch(({ code, message }) => `${code} ${message}`)
}

test('a refresh has succeeded only for the registries that the report names and that can be read', async () => {
  const [prod, stage] = [reportedRegistry('prod'), reportedRegistry('stage')]
  assert.deepEqual(await waited([prod, stage], ['prod', 'stage']), ['prod', 'stage'])
  const none = 'REFRESH_UNCONFIRMED no new tokens were reported in 0 s'
  assert.equal(await waited([prod], ['prod', 'stage']), `${none} for registry stage`)
  assert.equal(await waited([prod, { ...stage, state: 'resting' }], ['prod', 'stage']), `${none} for registry stage`)
  assert.equal(await waited([], ['prod', 'stage']), `${none} for registry prod, stage`)
  // Registries with a limit are not listed, because they may have no credential.
  const limit = { entries: ['a'], repositories: ['a/*'], granted: 'granted', width: 'limited' } as const
  const union = reportedRegistry('a.0123abcd', { limit })
  assert.deepEqual(await waited([prod, union], ['prod']), ['prod', 'a.0123abcd'])
  assert.equal(await waited([prod, { ...union, state: 'resting' }], ['prod']), none)
})
