import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  nextStep,
  type OnFailure,
  type ScheduledCluster,
  type ScheduledState,
  type ScheduleRules,
} from '../../src/rollout/schedule.ts'

const rules: ScheduleRules = { maxParallel: 2, canary: 1, onFailure: 'stop-wave', maxFailures: 0 }

/** `a0` is cluster a of wave 0. */
function clusters(states: Readonly<Record<string, ScheduledState>>): readonly ScheduledCluster[] {
  return Object.entries(states).map(([name, state]) => ({ name, wave: Number(name.at(-1)), state }))
}

function step(states: Readonly<Record<string, ScheduledState>>, changes: Partial<ScheduleRules> = {}): string {
  const { start, skip } = nextStep(clusters(states), { ...rules, ...changes }, false)
  return [...start.map((name) => `start ${name}`), ...skip.map(({ name, reason }) => `skip ${name}: ${reason}`)].join(
    '; ',
  )
}

test('the first cluster goes alone, then max-parallel of its wave, then the next wave', () => {
  assert.equal(step({ a0: 'waiting', b0: 'waiting', c0: 'waiting', d1: 'waiting' }), 'start a0')
  assert.equal(step({ a0: 'running', b0: 'waiting', c0: 'waiting', d1: 'waiting' }), '')
  assert.equal(step({ a0: 'succeeded', b0: 'waiting', c0: 'waiting', d1: 'waiting' }), 'start b0; start c0')
  assert.equal(step({ a0: 'succeeded', b0: 'running', c0: 'succeeded', d1: 'waiting' }), '')
  assert.equal(step({ a0: 'succeeded', b0: 'succeeded', c0: 'succeeded', d1: 'waiting' }), 'start d1')
})

test('without a canary a wave starts with max-parallel at once', () => {
  assert.equal(step({ a0: 'waiting', b0: 'waiting', c0: 'waiting' }, { canary: 0 }), 'start a0; start b0')
})

test('a canary that failed in its deploy ends the rollout', () => {
  assert.equal(
    step({ a0: 'failed', b0: 'waiting', c1: 'waiting' }, { maxFailures: 5 }),
    'skip b0: the canary a0 failed; skip c1: the canary a0 failed',
  )
})

test('a canary that was down before anything was written hands its role to the next cluster of the wave', () => {
  assert.equal(step({ a0: 'failed-early', b0: 'waiting', c0: 'waiting' }), 'start b0')
  assert.equal(step({ a0: 'failed-early', b0: 'running', c0: 'waiting' }), '')
})

test('stop-wave: the rest of the wave is tried, later waves are skipped', () => {
  assert.equal(
    step({ a0: 'succeeded', b0: 'failed', c0: 'waiting', d1: 'waiting' }),
    'start c0; skip d1: b0 failed in an earlier wave',
  )
})

test('stop-all: nothing new starts, running ones finish', () => {
  assert.equal(
    step({ a0: 'succeeded', b0: 'failed', c0: 'running', d0: 'waiting', e1: 'waiting' }, { onFailure: 'stop-all' }),
    'skip d0: b0 failed; skip e1: b0 failed',
  )
})

test('continue: everything is tried', () => {
  assert.equal(step({ a0: 'failed', b0: 'failed', c1: 'waiting' }, { onFailure: 'continue' }), 'start c1')
})

test('max-failures failures are borne', () => {
  const states = { a0: 'succeeded', b0: 'failed', c1: 'waiting' } as const
  assert.equal(step(states, { maxFailures: 1 }), 'start c1')
})

test('an interrupted run starts nothing', () => {
  const { start, skip } = nextStep(clusters({ a0: 'running', b0: 'waiting' }), rules, true)
  assert.deepEqual({ start, skip }, { start: [], skip: [{ name: 'b0', reason: 'the run was interrupted' }] })
})

test('whatever fails, every cluster ends, no limit is passed and no wave overtakes an earlier one', () => {
  const outcome = fc.constantFrom<ScheduledState>('succeeded', 'failed', 'failed-early')
  const entry = fc.record({ wave: fc.integer({ min: 0, max: 2 }), outcome })
  const anyRules = fc.record({
    maxParallel: fc.integer({ min: 1, max: 4 }),
    canary: fc.integer({ min: 0, max: 2 }),
    onFailure: fc.constantFrom<OnFailure>('stop-wave', 'stop-all', 'continue'),
    maxFailures: fc.integer({ min: 0, max: 2 }),
  })
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 12 }),
      anyRules,
      fc.infiniteStream(fc.nat()),
      (entries, limits, picks) => {
        let now: readonly ScheduledCluster[] = entries.map(({ wave }, index) => ({
          name: `c${index}`,
          wave,
          state: 'waiting',
        }))
        const set = (name: string, state: ScheduledState): void => {
          now = now.map((cluster) => (cluster.name === name ? { ...cluster, state } : cluster))
        }
        for (let turn = 0; turn < 100 && now.some(({ state }) => state === 'waiting' || state === 'running'); turn++) {
          const { start, skip } = nextStep(now, limits, false)
          for (const { name } of skip) set(name, 'skipped')
          for (const name of start) set(name, 'running')
          const running = now.filter(({ state }) => state === 'running')
          assert.ok(running.length <= limits.maxParallel)
          const lowest = Math.min(...running.map(({ wave }) => wave))
          assert.ok(now.every(({ wave, state }) => wave <= lowest || state === 'waiting' || state === 'skipped'))
          const ended = running[(picks.next().value ?? 0) % Math.max(1, running.length)]
          if (ended) set(ended.name, entries[Number(ended.name.slice(1))]?.outcome ?? 'succeeded')
        }
        assert.ok(now.every(({ state }) => state !== 'waiting' && state !== 'running'))
        if (limits.onFailure === 'continue') assert.ok(now.every(({ state }) => state !== 'skipped'))
      },
    ),
  )
})
