import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFaults, createThrottle } from '../../../src/sandbox/cloud/faults.ts'

test('each operation gets its calls a second, a pause saves up no more than the burst, a refused call costs nothing', () => {
  const throttle = createThrottle({ perSecond: 10, burst: 20 })
  const admitted = (operation: string, calls: number, now: number): number =>
    Array.from({ length: calls }, () => throttle.admits(operation, now)).filter(Boolean).length
  assert.deepEqual(
    [admitted('a', 50, 0), admitted('a', 50, 500), admitted('b', 50, 500), admitted('a', 50, 60_500)],
    [20, 5, 20, 20],
  )
})

test('a rate strikes what is over it, until it is cleared; other operations are left alone', () => {
  let now = 0
  const faults = createFaults(() => now)
  faults.add({ kind: 'throttle', perSecond: 2, retryAfterMs: 500, match: { product: 'sts' } })
  const strikes = (product: string): (string | undefined)[] =>
    Array.from({ length: 3 }, () => faults.take({ product, action: 'X', path: '/', instanceId: '' })?.kind)
  assert.deepEqual(strikes('Sts'), [undefined, undefined, 'throttle'])
  assert.deepEqual(strikes('cr'), [undefined, undefined, undefined])
  now += 1000
  assert.deepEqual(strikes('Sts'), [undefined, undefined, 'throttle'])
  faults.clear()
  assert.deepEqual(strikes('Sts'), [undefined, undefined, undefined])
})
