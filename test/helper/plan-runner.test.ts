import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlanRunner, type Steps } from '../../src/helper/writes/plan-runner.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

function open() {
  const clock = createFakeClock()
  const log: string[] = []
  const runner = createPlanRunner(clock)
  function* plan(name: string, steps = 1): Steps {
    for (let step = 0; step < steps; step += 1) {
      if (step === 0 || step === steps - 1) log.push(`${name}${step}`)
      yield
    }
  }
  return { clock, log, runner, plan }
}

test('a plan runs at once', () => {
  const { log, runner, plan } = open()
  assert.equal(runner.idle, true)
  runner.add(plan('a'))
  assert.deepEqual([log, runner.idle], [['a0'], true])
})

test('a long plan yields to the event loop after 500 steps, and a plan that is added meanwhile runs after it', async () => {
  const { log, runner, plan, clock } = open()
  runner.add(plan('a', 500))
  // The runner notices the end of the plan in the next turn.
  assert.deepEqual([log, runner.idle, clock.timers], [['a0', 'a499'], false, 1])
  runner.add(plan('b'))
  assert.deepEqual(log, ['a0', 'a499'])
  await clock.advance(0)
  assert.deepEqual([log.slice(2), runner.idle, clock.timers], [['b0'], true, 0])
  runner.add(plan('c', 499))
  assert.deepEqual(log.slice(3), ['c0', 'c498'])
})

test('an error in a plan ends that plan only', async () => {
  const { log, runner, plan, clock } = open()
  // biome-ignore lint/correctness/useYield: it fails before its first step.
  function* broken(): Steps {
    throw new Error('broken')
  }
  assert.throws(() => runner.add(broken()), { message: 'broken' })
  assert.equal(runner.idle, false)
  await clock.advance(0)
  runner.add(plan('a'))
  assert.deepEqual(log, ['a0'])
})

test('a stopped runner plans nothing more and leaves no timer', async () => {
  const { log, runner, plan, clock } = open()
  runner.add(plan('a', 1_000))
  runner.add(plan('b'))
  assert.equal(clock.timers, 1)
  runner.stop()
  assert.equal(clock.timers, 0)
  await clock.advance(10_000)
  assert.deepEqual(log, ['a0'])
})
