import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createThrottle } from '../bench/fleet/throttle.ts'

test('each operation has its own rate, a pause accumulates at most the burst, and a throttled call takes no token', () => {
  const throttle = createThrottle({ perSecond: 10, burst: 20 })
  const admitted = (operation: string, calls: number, now: number): number =>
    Array.from({ length: calls }, () => throttle.admits(operation, now)).filter(Boolean).length
  assert.deepEqual(
    [admitted('a', 50, 0), admitted('a', 50, 500), admitted('b', 50, 500), admitted('a', 50, 60_500)],
    [20, 5, 20, 20],
  )
})
