import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createVirtualClock } from '../bench/fleet/virtual-clock.ts'

test('timers run in the order of their time, then of their creation; cancelled ones never run', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 50 }), async (times) => {
      const clock = createVirtualClock()
      const ran: [at: number, index: number][] = []
      times.forEach((at, index) => {
        clock.after(at, () => ran.push([clock.monotonic(), index]))
        clock.after(at, () => assert.fail('it was cancelled'))()
      })
      await clock.runTo(6000)
      const expected = times
        .map((at, index) => [at, index])
        .toSorted(([a = 0, i = 0], [b = 0, j = 0]) => a - b || i - j)
      assert.deepEqual(ran, expected)
    }),
  )
})

test('promises that a timer resolves are settled before the time advances', async () => {
  const clock = createVirtualClock()
  const events: string[] = []
  clock.after(1500, () => {
    clock.touch()
    void (async () => {
      for (let turn = 0; turn < 20; turn += 1) await undefined
      events.push(`promises at ${clock.monotonic()}`)
      clock.after(0, () => events.push(`at once at ${clock.monotonic()}`))
      clock.after(700, () => events.push(`later at ${clock.monotonic()}`))
    })()
  })
  clock.after(1501, () => events.push('the next timer'))
  await clock.runTo(3000)
  assert.deepEqual(events, ['promises at 1500', 'at once at 1500', 'the next timer', 'later at 2200'])
})
