import { availableParallelism } from 'node:os'
import type { StepHandle } from '../../../src/sandbox/progress.ts'
import { countRequests, describeRequests, type RequestCounts } from '../bed/audit-window.ts'
import { type Bed, HOME } from '../bed/bed.ts'
import { type Contender, type ContenderFigures, measureContender } from '../bed/contender.ts'
import { helperContender } from '../bed/helper-contender.ts'
import { minimalContender } from '../bed/minimal-contender.ts'
import { createNamespaces, namesOf } from '../bed/namespaces.ts'
import { median } from '../bed/statistics.ts'
import { checkLogin } from '../bed/until-works.ts'
import type { Figures, RowSpec } from '../report/row.ts'
import { COLD_START_ROWS } from '../rows/cold-start-rows.ts'
import { type BenchContext, openScenarioBed, type Scenario, type ScenarioResult, snapshot } from './scenario.ts'

/** A cold start over many namespaces and a rotation of all of them, beside a minimal program that does the same writes. */
export const coldStart: Scenario = {
  name: 'cold-start',
  title: { en: 'Cold start and rotation of 1,000 namespaces', zh: '1,000 个命名空间的冷启动与轮换' },
  minutes: 5,
  rows: COLD_START_ROWS,
  run: runColdStart,
}

async function runColdStart(context: BenchContext, step: StepHandle): Promise<ScenarioResult> {
  const { settings, programs, signal } = context
  const rounds: Round[] = []
  for (let round = 1; round <= settings.rounds; round += 1) {
    const say = (title: string) => (text: string) =>
      step.update(`round ${round} of ${settings.rounds}, ${title}: ${text}`)
    const minimal = await runOne(context, say('minimal program'), (bed) =>
      minimalContender(bed, programs.minimal, 'serviceAccounts'),
    )
    const helper = await runOne(
      context,
      say('helper'),
      (bed) => helperContender(bed, 'serviceAccounts', signal),
      (bed) => checkLogin(bed, HOME),
    )
    rounds.push({ minimal, helper })
  }
  const each = rounds.map((round) => figuresOf(round, settings.namespaces))
  const count = (requests: RequestCounts | undefined): string =>
    describeRequests(requests ?? new Map(), settings.namespaces)
  const last = rounds.at(-1)?.helper.figures
  return {
    unit: medianUnit(rounds.map(({ helper }) => helper.unit)),
    figures: Object.fromEntries(COLD_START_ROWS.map((row) => [row.id, combine(row, each)])),
    notes: [
      `medians of ${rounds.length} rounds; of what is counted, the most`,
      ...rounds.flatMap(({ helper, minimal }, index) => [
        `round ${index + 1}, helper: ${describeRun(helper)}`,
        `round ${index + 1}, minimal program: ${describeRun(minimal)}`,
      ]),
      `requests at cold start, for each namespace: ${count(last?.coldRequests)}`,
      `requests of the rotation, for each namespace: ${count(last?.rotationRequests)}`,
    ],
  }
}

interface Round {
  readonly minimal: OneRun
  readonly helper: OneRun
}

function figuresOf({ minimal, helper }: Round, count: number): Figures {
  const [own, floor] = [helper.figures, minimal.figures]
  const each = (milliseconds: number, { unit }: OneRun): number => milliseconds / count / unit.p50
  const onAllCores = (seconds: number): number => (seconds * 1000) / availableParallelism()
  return {
    'cold-each': [each(own.coldMs, helper)],
    'cold-first': [(own.firstMs / own.coldMs) * 100],
    'cold-first-write': [(own.firstAfterWriteMs / own.writingMs) * 100],
    'rotation-each': [each(own.rotationMs, helper)],
    'servers-each': [each(onAllCores(own.coldServerCpu), helper), each(onAllCores(own.rotationServerCpu), helper)],
    'minimal-each': [each(floor.coldMs, minimal), each(floor.rotationMs, minimal)],
    'each-against-minimal': [own.coldMs / floor.coldMs, own.rotationMs / floor.rotationMs],
    'rotation-requests': [countRequests(own.rotationRequests, 'secrets', 'serviceaccounts', 'events') / (count + 2)],
    'rotation-replaced': [own.replaced, own.withoutMs],
    memory: [own.steadyMiB / floor.steadyMiB, own.peakMiB / floor.peakMiB],
    cpu: [coldCpu(own) / coldCpu(floor), rotationCpu(own) / rotationCpu(floor)],
  }
}

// In the servers' CPU for the same writes: a machine whose speed changes between two runs changes both.
const coldCpu = (run: ContenderFigures): number => run.coldCpu / run.coldServerCpu
const rotationCpu = (run: ContenderFigures): number => run.rotationCpu / run.rotationServerCpu

/** A row's numbers over all rounds. */
function combine({ id, measure }: RowSpec, rounds: readonly Figures[]): readonly number[] {
  const numbers = rounds.map((figures) => figures[id] ?? [])
  const over = measure === 'count' ? (values: readonly number[]) => Math.max(...values) : median
  return (numbers[0] ?? []).map((_, index) => over(numbers.map((one) => one[index] ?? Number.NaN)))
}

function medianUnit(units: readonly OneRun['unit'][]): OneRun['unit'] {
  const samples = units.reduce((sum, unit) => sum + unit.samples, 0)
  return { p50: median(units.map(({ p50 }) => p50)), p99: median(units.map(({ p99 }) => p99)), samples }
}

interface OneRun {
  readonly figures: ContenderFigures
  readonly unit: NonNullable<ScenarioResult['unit']>
}

async function runOne(
  context: BenchContext,
  tell: (text: string) => void,
  create: (bed: Bed) => Contender,
  check: (bed: Bed) => Promise<void> = async () => undefined,
): Promise<OneRun> {
  const { settings, signal } = context
  tell('a cluster')
  await using bed = await openScenarioBed(context, 'cold')
  const names = namesOf('cold', settings.namespaces)
  await createNamespaces(bed.admin, names, (done) => tell(`${done} of ${names.length} namespaces made`), signal)
  const exist = (): boolean => names.every((name) => bed.observer.of(name).accountAt !== undefined)
  await bed.observer.until('all ServiceAccounts existed', exist, 120_000, signal)
  const contender = create(bed)
  const figures = await measureContender(bed, contender, names, tell, signal)
  await check(bed)
  return { figures, unit: snapshot(bed.unit) }
}

function describeRun({ figures: run, unit }: OneRun): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`
  return [
    `all usable ${seconds(run.coldMs)} after its process began (the first after ${seconds(run.firstMs)}, writing took ${seconds(run.writingMs)})`,
    `rotation ${seconds(run.rotationMs)}`,
    `CPU ${run.coldCpu.toFixed(2)} s + ${run.rotationCpu.toFixed(2)} s`,
    `of the servers ${run.coldServerCpu.toFixed(2)} s + ${run.rotationServerCpu.toFixed(2)} s`,
    `memory ${run.steadyMiB.toFixed(0)} MiB, at most ${run.peakMiB.toFixed(0)} MiB`,
    `one write ${unit.p50.toFixed(1)} / ${unit.p99.toFixed(1)} ms`,
  ].join(', ')
}
