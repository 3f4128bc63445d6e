import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectWhenQuiet } from '../../src/helper/collect-when-quiet.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

function open() {
  const clock = createFakeClock()
  const collected: number[] = []
  const requested = collectWhenQuiet(clock, () => collected.push(clock.monotonic()))
  return {
    collected,
    /** Requests, and then a pause. */
    async make(count: number, ms: number): Promise<void> {
      for (let left = count; left > 0; left -= 1) requested()
      await clock.advance(ms)
    },
  }
}

test('the garbage of a rotation is collected once, when it is over', async () => {
  const { make, collected } = open()
  for (let turn = 0; turn < 20; turn += 1) await make(500, 1_000)
  assert.equal(collected.length, 0)
  await make(0, 3_000)
  assert.equal(collected.length, 1)
  await make(0, 600_000)
  assert.equal(collected.length, 1)
  await make(1_000, 3_000)
  assert.equal(collected.length, 2)
})

test('renewals of the Lease after a rotation do not put its collection off', async () => {
  const { make, collected } = open()
  await make(1_000, 0)
  for (let turn = 0; turn < 5; turn += 1) await make(1, 1_000)
  assert.equal(collected.length, 1)
})

test('a few new namespaces cause no collection', async () => {
  const { make, collected } = open()
  await make(999, 600_000)
  assert.deepEqual(collected, [])
})

test('without the right to collect it schedules nothing', async () => {
  const clock = createFakeClock()
  const requested = collectWhenQuiet(clock, undefined)
  for (let left = 2_000; left > 0; left -= 1) requested()
  assert.equal(clock.timers, 0)
})
