import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'

const DAY = 24 * 3_600_000

test('a delay that is longer than the maximum of a Node timer is kept, not shortened to zero', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const called: string[] = []
  systemClock.after(60 * DAY, () => called.push('60 days'))
  const cancel = systemClock.after(40 * DAY, () => called.push('40 days'))
  systemClock.after(Number.NaN, () => called.push('no number'))
  systemClock.after(-1, () => called.push('at once'))
  mock.timers.tick(1)
  assert.deepEqual(called, ['at once'])
  for (let day = 0; day < 30; day += 1) mock.timers.tick(DAY)
  assert.deepEqual(called, ['at once', 'no number'])
  cancel()
  for (let day = 30; day < 61; day += 1) mock.timers.tick(DAY)
  assert.deepEqual(called, ['at once', 'no number', '60 days'])
})
