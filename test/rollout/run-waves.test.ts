import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import {
  nextStep,
  type OnFailure,
  runWaves,
  type ScheduledState,
  type ScheduleRules,
  type WaveCluster,
} from '../../src/rollout/run/run-waves.ts'

interface ScheduledCluster extends WaveCluster {
  readonly state: ScheduledState
}

const next = (all: readonly ScheduledCluster[], limits: ScheduleRules, interrupted = false) =>
  nextStep(all, ({ state }) => state, limits, interrupted)

const rules: ScheduleRules = { maxParallel: 2, canary: 1, onFailure: 'stop-wave', maxFailures: 0 }

/** `a0` is the cluster a in wave 0. */
function clusters(states: Readonly<Record<string, ScheduledState>>): readonly ScheduledCluster[] {
  return Object.entries(states).map(([name, state]) => ({ name, wave: Number(name.at(-1)), state }))
}

function step(states: Readonly<Record<string, ScheduledState>>, changes: Partial<ScheduleRules> = {}): string {
  const { start, skip, reason } = next(clusters(states), { ...rules, ...changes })
  return [...start.map(({ name }) => `start ${name}`), ...skip.map(({ name }) => `skip ${name}: ${reason}`)].join('; ')
}

const DEFAULTS: ScheduleRules = { maxParallel: 4, canary: 1, onFailure: 'stop-wave', maxFailures: 0 }

/** Reads a cell such as `max-parallel: 2` in the documentation's table. */
function readSettings(cell: string): ScheduleRules {
  const found: Readonly<Record<string, string>> = Object.fromEntries(
    [...cell.matchAll(/`([\w-]+): ([\w-]+)`/g)].map(([, k, v]) => [k, v]),
  )
  return {
    maxParallel: Number(found['max-parallel'] ?? DEFAULTS.maxParallel),
    canary: Number(found.canary ?? DEFAULTS.canary),
    onFailure: (found['on-failure'] ?? DEFAULTS.onFailure) as OnFailure,
    maxFailures: Number(found['max-failures'] ?? DEFAULTS.maxFailures),
  }
}

for (const language of ['en', 'zh']) {
  const page = readFileSync(new URL(`../../docs/${language}/reliability.md`, import.meta.url), 'utf8')
  const [, table = ''] = /<!-- rollout:rules -->\n(.*?)<!-- \/rollout:rules -->/s.exec(page) ?? []
  const rows = table
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
  test(`${language}: the page contains its rules`, () => assert.equal(rows.length, 13))
  for (const [rule = '', settings = '', states = '', then = ''] of rows) {
    test(`${language}: ${rule}`, () => {
      const now = states
        .replaceAll('`', '')
        .split(', ')
        .map((one) => one.split(' '))
      const given = clusters(Object.fromEntries(now) as Readonly<Record<string, ScheduledState>>)
      const { start, skip } = next(given, readSettings(settings))
      const done = [...start.map(({ name }) => `start ${name}`), ...skip.map(({ name }) => `skip ${name}`)].join(', ')
      assert.equal(done || 'nothing', then.replaceAll('`', ''))
    })
  }
}

test('a skipped cluster names the failure that caused it', () => {
  assert.equal(
    step({ a0: 'failed', b0: 'waiting', c1: 'waiting' }, { maxFailures: 5 }),
    'skip b0: the canary a0 failed; skip c1: the canary a0 failed',
  )
  assert.equal(step({ a0: 'succeeded', b0: 'failed', d1: 'waiting' }), 'skip d1: b0 failed in an earlier wave')
})

test('without a canary a wave starts max-parallel clusters together', () => {
  assert.equal(step({ a0: 'waiting', b0: 'waiting', c0: 'waiting' }, { canary: 0 }), 'start a0; start b0')
})

test('continue: after a failed canary the others run max-parallel at a time', () => {
  const states = { a0: 'failed', b0: 'waiting', c0: 'waiting', d0: 'waiting' } as const
  assert.equal(step(states, { onFailure: 'continue' }), 'start b0; start c0')
})

test('an interrupted run starts nothing', () => {
  const { start, skip, reason } = next(clusters({ a0: 'running', b0: 'waiting' }), rules, true)
  assert.deepEqual([start, skip.map(({ name }) => name), reason], [[], ['b0'], 'the run was interrupted'])
})

test('with five thousand clusters, a step reads the state of each cluster only a few times', () => {
  let looks = 0
  const many = Array.from({ length: 5000 }, (_, index) => ({
    name: `c${index}`,
    get wave() {
      looks += 1
      return index % 3
    },
  }))
  const { start } = nextStep(many, () => 'waiting', rules, false)
  assert.deepEqual([start.map(({ name }) => name), looks < 10 * many.length], [['c0'], true])
})

test('whatever fails, every cluster finishes, no limit is exceeded and no wave overtakes an earlier one', () => {
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
          const { start, skip } = next(now, limits)
          for (const { name } of skip) set(name, 'skipped')
          for (const { name } of start) set(name, 'running')
          const running = now.filter(({ state }) => state === 'running')
          assert.ok(running.length <= limits.maxParallel)
          const lowest = Math.min(...running.map(({ wave }) => wave))
          assert.ok(now.every(({ wave, state }) => wave <= lowest || state === 'waiting' || state === 'skipped'))
          const finished = running[(picks.next().value ?? 0) % Math.max(1, running.length)]
          if (finished) set(finished.name, entries[Number(finished.name.slice(1))]?.outcome ?? 'succeeded')
        }
        assert.ok(now.every(({ state }) => state !== 'waiting' && state !== 'running'))
        if (limits.onFailure === 'continue') assert.ok(now.every(({ state }) => state !== 'skipped'))
      },
    ),
  )
})

for (const [title, states, changes, then] of [
  ['a canary at work is waited for', { a0: 'running', b0: 'waiting' }, {}, ''],
  ['two canaries run one after another', { a0: 'succeeded', b0: 'waiting', c0: 'waiting' }, { canary: 2 }, 'start b0'],
  [
    'the canaries are of the first wave only',
    { a0: 'succeeded', b1: 'waiting', c1: 'waiting' },
    { canary: 2 },
    'start b1; start c1',
  ],
  [
    'the wave that exceeds the tolerated failures is the lowest such wave, in whatever order the list has them',
    { a0: 'succeeded', d2: 'failed', b1: 'failed', c1: 'waiting', e2: 'waiting' },
    {},
    'start c1; skip e2: d2, b1 failed in an earlier wave',
  ],
  [
    'stop-all skips everything after a failure',
    { a0: 'succeeded', b0: 'failed', c0: 'waiting' },
    { onFailure: 'stop-all' },
    'skip c0: b0 failed',
  ],
] as readonly (readonly [string, Readonly<Record<string, ScheduledState>>, Partial<ScheduleRules>, string])[]) {
  test(`schedule: ${title}`, () => assert.equal(step(states, changes), then))
}

test('the results of a run are in the order of the list, whichever cluster ends first; an interrupted run skips the rest', async () => {
  const names = ['a', 'b', 'c'].map((name, index) => ({ name, wave: index === 2 ? 1 : 0 }))
  const order: string[] = []
  const end = (name: string, status: string, phase = 'verify') => ({ name, status, phase }) as unknown as ClusterResult
  const run = (limits: Partial<ScheduleRules>, statuses: Readonly<Record<string, ClusterResult>>, stop?: string) => {
    const controller = new AbortController()
    order.length = 0
    const effects = {
      run: async ({ name }: WaveCluster) => {
        order.push(name)
        await new Promise(setImmediate)
        if (name === stop) controller.abort()
        return statuses[name] ?? end(name, 'deployed')
      },
      skip: ({ name }: WaveCluster, reason: string) => end(name, `skipped: ${reason}`),
    }
    return runWaves(names, { ...rules, ...limits }, effects, controller.signal)
  }
  const shown = (results: readonly ClusterResult[]) => results.map(({ name, status }) => `${name} ${status}`)
  assert.deepEqual(shown(await run({}, {})), ['a deployed', 'b deployed', 'c deployed'])
  assert.deepEqual(order, ['a', 'b', 'c'])
  assert.deepEqual(shown(await run({}, {}, 'a')), [
    'a deployed',
    'b skipped: the run was interrupted',
    'c skipped: the run was interrupted',
  ])
  assert.deepEqual(shown(await run({ onFailure: 'stop-wave' }, { a: end('a', 'unchanged'), b: end('b', 'failed') })), [
    'a unchanged',
    'b failed',
    'c skipped: the canary b failed',
  ])
  assert.deepEqual(shown(await run({}, { a: end('a', 'failed', 'preflight') })), [
    'a failed',
    'b deployed',
    'c skipped: a failed in an earlier wave',
  ])
  assert.deepEqual(shown(await run({ maxFailures: 1 }, { a: end('a', 'cancelled') })), [
    'a cancelled',
    'b deployed',
    'c deployed',
  ])
})
