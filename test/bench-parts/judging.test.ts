import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBenchOptions } from '../bench/bench-options.ts'
import { ANY, FIGURES, type Figure } from '../bench/figures.ts'
import { percentile } from '../bench/fixture/statistics.ts'
import { formatNumbers } from '../bench/report/numbers.ts'
import { dependsOnMachine, isBroken, isWithin, runScenario } from '../bench/run-scenario.ts'
import type { BenchContext, Measured, Scenario } from '../bench/scenario.ts'

test('numbers show their unit, and only significant digits', () => {
  assert.equal(formatNumbers([0.953, 12.345], 'times'), '0.95x / 12.3x')
  assert.equal(formatNumbers([99.6, 1333.3], 'mebibytes'), '99.6 / 1333 MiB')
  assert.equal(formatNumbers([0, 2], 'count'), '0 / 2')
  assert.equal(formatNumbers([14.06], 'seconds'), '14.1 s')
  assert.equal(formatNumbers([ANY, 2], 'times'), '– / 2x')
})

test('a bar applies to the number as it is shown; one number above it is a miss', () => {
  assert.equal(isWithin({ bars: [0.75] }, [0.754]), true)
  assert.equal(isWithin({ bars: [0.75] }, [0.756]), false)
  assert.equal(isWithin({ bars: [1, 3] }, [0.9, 3.2]), false)
  assert.equal(isWithin({ bars: [1] }, [Number.NaN]), false)
  assert.equal(isWithin({ bars: [ANY, 0] }, [400, 0]), true)
  assert.equal(isWithin({ bars: [ANY, 0] }, [0, 1]), false)
  assert.equal(isWithin({}, [5]), undefined)
})

const figure = (id: string, more: Partial<Figure>): Figure => {
  return { id, scenario: 'one', title: { en: id, zh: id }, measure: 'times', ...more }
}

test('only counted or simulated figures fail the command, so that a busy machine never does', () => {
  assert.deepEqual(
    (['times', 'count', 'milliseconds', 'seconds', 'mebibytes', 'percent'] as const).filter(
      (measure) => !dependsOnMachine(figure('a', { measure })),
    ),
    ['count'],
  )
  assert.equal(dependsOnMachine(figure('a', { measure: 'seconds', dependsOnMachine: false })), false)
  // The helper must write the reference before the Pod is created, which fails on a busy machine.
  // With admission there is no such race.
  const early = FIGURES.filter(({ scenario }) => scenario === 'early-pods')
  assert.deepEqual(
    early.filter((one) => !dependsOnMachine(one)).map(({ id }) => id),
    ['early-admission'],
  )
})

function scenarioOf(rounds: readonly Measured['figures'][], repeated: boolean): Scenario {
  const left = [...rounds]
  return {
    name: 'one',
    title: { en: 'One', zh: '一' },
    minutes: 1,
    repeated,
    measure: async () => ({ figures: left.shift() ?? {}, notes: ['noted'] }),
  }
}

const contextOf = (rounds: number, long = false): BenchContext =>
  ({ settings: { rounds, long }, report: () => undefined }) as unknown as BenchContext

test('a figure is the median of the rounds, or the maximum of counts, such as lost entries', async () => {
  const figures = [
    figure('time', { bars: [1.1, 1.25] }),
    figure('lost', { measure: 'count', bars: [0] }),
    figure('parts', { long: true }),
  ]
  const rounds = [
    { time: [1, 9], lost: [0] },
    { time: [3, 1.2], lost: [1] },
    { time: [1.05, 1], lost: [0] },
  ]
  const result = await runScenario(scenarioOf(rounds, true), contextOf(3), figures)
  assert.deepEqual(
    result.outcomes.map(({ figure: { id }, numbers, within }) => [id, numbers, within]),
    [
      ['time', [1.05, 1.2], true],
      ['lost', [1], false],
    ],
  )
  assert.equal(isBroken(result), true)
  assert.deepEqual(result.notes.slice(1), ['round 1: noted', 'round 2: noted', 'round 3: noted'])
  const slow = await runScenario(scenarioOf([{ time: [2, 1] }], false), contextOf(3), figures.slice(0, 1))
  assert.deepEqual([slow.outcomes[0]?.within, isBroken(slow), slow.notes], [false, false, ['noted']])
  await assert.rejects(
    runScenario(scenarioOf([{}], false), contextOf(1), figures.slice(0, 1)),
    /the scenario one did not measure time/,
  )
})

test('a single figure can be measured, and never writes half a table into a page', () => {
  const alone = readBenchOptions(['--only', 'validate'])
  assert.deepEqual([alone.scenarios, alone.figures, alone.write], [['start-up'], ['validate'], false])
  const named = readBenchOptions(['steady', 'start-up', '--write'])
  assert.deepEqual([named.scenarios, named.write], [['steady', 'start-up'], true])
  const all = readBenchOptions([])
  assert.deepEqual([all.figures.length, all.write, all.settings.rounds], [FIGURES.length, true, 3])
  const quick = readBenchOptions(['--quick', '--pods', '7'])
  assert.deepEqual([quick.write, quick.settings.rounds, quick.settings.pods], [false, 1, 7])
  assert.throws(() => readBenchOptions(['--only', 'valid']), /there is no figure or scenario valid/)
  assert.throws(() => readBenchOptions(['--only', 'validate', '--write']), /--write takes whole scenarios/)
  assert.throws(() => readBenchOptions(['--rounds', '0']), /--rounds takes a whole number/)
})

// The promises of docs/*/performance.md. This test keeps anyone from loosening a limit by accident.
test('the limits are the documented ones', () => {
  const bars = FIGURES.flatMap(({ id, bars: own, scenario }) => (own && scenario !== 'fleet' ? [[id, own]] : []))
  assert.deepEqual(Object.fromEntries(bars), {
    'early-old': [ANY, ANY, 0, 0],
    'early-new': [ANY, ANY, 0, 0],
    'early-helm': [0],
    'early-admission': [0, 0],
    'usable-against-minimal': [1.1, 1.25],
    'requests-new': [2],
    'secret-against-minimal': [1.1, 1.5],
    'requests-admission': [1],
    'cold-against-minimal': [1.15, 1.15],
    'rotation-cpu': [0.25],
    'rotation-requests': [1],
    'rotation-replaced': [0, 0],
    'memory-against-minimal': [1.05, 1.1],
    race: [0, 0],
    'race-attached': [0],
    contend: [0, 0],
    'steady-writes': [0, 0],
    restart: [0, 0],
    'crash-restarted': [16],
    'crash-lost': [16],
    validate: [3.3],
    'action-line': [1.3],
    'provider-kept': [3],
    'provider-new': [5],
    'pull-warm': [1.5],
    'pull-cold': [2],
    rollout: [1.25],
    again: [0.4],
    'again-writes': [0],
    'check-all': [3],
    'check-requests': [60],
    'check-writes': [0],
    'check-calls': [6],
    'check-sessions': [1],
    'check-helm': [0],
    'scale-memory': [80, 90],
    'scale-memory-admission': [80, 90],
  })
})

test('a percentile is a measured value', () => {
  const values = Array.from({ length: 600 }, (_, index) => 600 - index)
  assert.deepEqual(
    [percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1), percentile([], 0.5)],
    [301, 595, 600, Number.NaN],
  )
})
