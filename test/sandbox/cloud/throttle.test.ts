import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFaults, createThrottle } from '../../../src/sandbox/cloud/faults.ts'

test('each operation has its own rate, a pause accumulates at most the burst, and a throttled call takes no token', () => {
  const throttle = createThrottle({ perSecond: 10, burst: 20 })
  const admitted = (operation: string, calls: number, now: number): number =>
    Array.from({ length: calls }, () => throttle.admits(operation, now)).filter(Boolean).length
  assert.deepEqual(
    [admitted('a', 50, 0), admitted('a', 50, 500), admitted('b', 50, 500), admitted('a', 50, 60_500)],
    [20, 5, 20, 20],
  )
})

test('a rate limit affects only the excess calls of the matching operations, until it is cleared', () => {
  let now = 0
  const faults = createFaults(() => now)
  faults.add({ kind: 'throttle', perSecond: 2, retryAfterMs: 500, match: { product: 'sts' } })
  const faultsOf = (product: string): (string | undefined)[] =>
    Array.from({ length: 3 }, () => faults.take({ product, action: 'X', path: '/', instanceId: '' })?.kind)
  assert.deepEqual(faultsOf('Sts'), [undefined, undefined, 'throttle'])
  assert.deepEqual(faultsOf('cr'), [undefined, undefined, undefined])
  now += 1000
  assert.deepEqual(faultsOf('Sts'), [undefined, undefined, 'throttle'])
  faults.clear()
  assert.deepEqual(faultsOf('Sts'), [undefined, undefined, undefined])
})
