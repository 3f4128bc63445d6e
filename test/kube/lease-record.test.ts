import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acquiredSpec, type Lease, leaseMs, releasedSpec, renewedSpec } from '../../src/kube/lease-record.ts'

const DURATIONS = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }
const NOW = Date.parse('2026-01-01T00:00:00.250Z')
const TIME = '2026-01-01T00:00:00.250000Z'

const leaseOf = (spec?: unknown): Lease => ({
  metadata: { name: 'helper', namespace: 'ns', uid: 'u', resourceVersion: '7' },
  ...(spec === undefined ? {} : { spec: spec as NonNullable<Lease['spec']> }),
})

test('a lease lasts as long as its holder wrote, at most four times our own duration, and ours if it wrote none', () => {
  const lasts = (leaseDurationSeconds?: unknown): number => leaseMs(leaseOf({ leaseDurationSeconds }), DURATIONS)
  assert.deepEqual([lasts(1), lasts(15), lasts(59), lasts(60), lasts(61)], [1_000, 15_000, 59_000, 60_000, 60_000])
  for (const none of [undefined, null, 0, -1, Number.NaN, '30']) assert.equal(lasts(none), 15_000, String(none))
  assert.equal(leaseMs(leaseOf(), DURATIONS), 15_000)
})

test('an acquisition counts a change of the holder, and starts at 0 if the API server would refuse the count', () => {
  const after = (leaseTransitions: unknown, holderIdentity = 'two') =>
    acquiredSpec(leaseOf({ holderIdentity, leaseTransitions }), 'one', DURATIONS, NOW)?.leaseTransitions
  assert.deepEqual([after(0), after(4), after(undefined)], [1, 5, 1])
  // The largest int32, and values that the API server refuses. A client may still read such values.
  assert.deepEqual(
    [after(2 ** 31 - 2), after(2 ** 31 - 1), after(-5), after(1.5), after('4')],
    [2 ** 31 - 1, 0, 0, 1, 1],
  )
  assert.deepEqual([after(4, 'one'), after(undefined, 'one')], [4, 0])
})

test('an acquisition, a renewal and a release write what client-go writes, and keep the rest', () => {
  assert.deepEqual(acquiredSpec(leaseOf(), 'one', DURATIONS, NOW), {
    holderIdentity: 'one',
    leaseDurationSeconds: 15,
    acquireTime: TIME,
    renewTime: TIME,
    leaseTransitions: 1,
  })
  const held = { holderIdentity: 'one', leaseDurationSeconds: 600, acquireTime: 'earlier', leaseTransitions: 3 }
  const renewed = { ...held, leaseDurationSeconds: 15, renewTime: TIME }
  assert.deepEqual(renewedSpec(leaseOf(held), DURATIONS, NOW), renewed)
  assert.deepEqual(releasedSpec(leaseOf(renewed), NOW), {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    leaseTransitions: 3,
    renewTime: TIME,
  })
  assert.deepEqual(releasedSpec(leaseOf(), NOW), { holderIdentity: '', leaseDurationSeconds: 1, renewTime: TIME })
  // The API server refuses a duration below one second.
  assert.equal(renewedSpec(leaseOf(), { ...DURATIONS, leaseMs: 400 }, NOW)?.leaseDurationSeconds, 1)
  assert.equal(renewedSpec(leaseOf(), { ...DURATIONS, leaseMs: 2_600 }, NOW)?.leaseDurationSeconds, 3)
})
