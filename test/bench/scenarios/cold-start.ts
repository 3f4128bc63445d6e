import type { StepHandle } from '../../../src/sandbox/progress.ts'
import { countRequests, describeRequests } from '../bed/audit-window.ts'
import { type Bed, HOME } from '../bed/bed.ts'
import { type Contender, type ContenderFigures, measureContender } from '../bed/contender.ts'
import { helperContender } from '../bed/helper-contender.ts'
import { minimalContender } from '../bed/minimal-contender.ts'
import { createNamespaces, namesOf } from '../bed/namespaces.ts'
import { checkLogin } from '../bed/until-works.ts'
import { COLD_START_ROWS } from '../rows/cold-start-rows.ts'
import { type BenchContext, openScenarioBed, type Scenario, type ScenarioResult, snapshot } from './scenario.ts'

/** A cold start over many namespaces and a rotation of all of them, beside a minimal program that does the same writes. */
export const coldStart: Scenario = {
  name: 'cold-start',
  title: { en: 'Cold start and rotation of 1,000 namespaces', zh: '1,000 个命名空间的冷启动与轮换' },
  minutes: 4,
  rows: COLD_START_ROWS,
  run: runColdStart,
}

async function runColdStart(context: BenchContext, step: StepHandle): Promise<ScenarioResult> {
  const { settings, programs, signal } = context
  const count = settings.namespaces
  const minimal = await runOne(context, 'minimal program', step, (bed) =>
    minimalContender(bed, programs.minimal, 'serviceAccounts'),
  )
  const helper = await runOne(context, 'helper', step, (bed) => helperContender(bed, 'serviceAccounts', signal))
  const [own, floor] = [helper.figures, minimal.figures]
  const each = (milliseconds: number, { unit }: OneRun): number => milliseconds / count / unit.p50
  return {
    unit: helper.unit,
    figures: {
      'cold-each': [each(own.coldMs, helper)],
      'cold-first': [(own.firstMs / own.coldMs) * 100],
      'cold-first-write': [(own.firstAfterWriteMs / own.writingMs) * 100],
      'rotation-each': [each(own.rotationMs, helper)],
      'minimal-each': [each(floor.coldMs, minimal), each(floor.rotationMs, minimal)],
      'each-against-minimal': [
        each(own.coldMs, helper) / each(floor.coldMs, minimal),
        each(own.rotationMs, helper) / each(floor.rotationMs, minimal),
      ],
      'rotation-requests': [countRequests(own.rotationRequests, 'secrets', 'serviceaccounts', 'events') / (count + 2)],
      'rotation-replaced': [own.replaced, own.withoutMs],
      memory: [own.steadyMiB / floor.steadyMiB, own.peakMiB / floor.peakMiB],
      cpu: [own.coldCpu / floor.coldCpu, own.rotationCpu / floor.rotationCpu],
    },
    notes: [
      `helper: ${describeRun(own)}`,
      `minimal program (one write ${minimal.unit.p50.toFixed(1)} / ${minimal.unit.p99.toFixed(1)} ms): ${describeRun(floor)}`,
      `requests at cold start, for each namespace: ${describeRequests(own.coldRequests, count)}`,
      `requests of the rotation, for each namespace: ${describeRequests(own.rotationRequests, count)}`,
    ],
  }
}

interface OneRun {
  readonly figures: ContenderFigures
  readonly unit: NonNullable<ScenarioResult['unit']>
}

async function runOne(
  context: BenchContext,
  title: string,
  step: StepHandle,
  create: (bed: Bed) => Contender,
): Promise<OneRun> {
  const { settings, signal } = context
  const tell = (text: string): void => step.update(`${title}: ${text}`)
  tell('a cluster')
  await using bed = await openScenarioBed(context, 'cold')
  const names = namesOf('cold', settings.namespaces)
  await createNamespaces(bed.admin, names, (done) => tell(`${done} of ${names.length} namespaces made`), signal)
  const exist = (): boolean => names.every((name) => bed.observer.of(name).accountAt !== undefined)
  await bed.observer.until('all ServiceAccounts existed', exist, 120_000, signal)
  const contender = create(bed)
  const figures = await measureContender(bed, contender, names, tell, signal)
  if (title === 'helper') await checkLogin(bed, HOME)
  return { figures, unit: snapshot(bed.unit) }
}

function describeRun(run: ContenderFigures): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`
  return [
    `all usable ${seconds(run.coldMs)} after its process began (the first after ${seconds(run.firstMs)}, writing took ${seconds(run.writingMs)})`,
    `rotation ${seconds(run.rotationMs)}`,
    `CPU ${run.coldCpu.toFixed(2)} s + ${run.rotationCpu.toFixed(2)} s`,
    `memory ${run.steadyMiB.toFixed(0)} MiB, at most ${run.peakMiB.toFixed(0)} MiB`,
  ].join(', ')
}
