import { countRequests, describeRequests, type RequestCounts } from '../fixture/audit-window.ts'
import {
  type ColdFigures,
  type Contender,
  type ContenderRun,
  type MemoryFigures,
  measureCold,
  measureMemory,
  measureRotation,
  type RotationFigures,
} from '../fixture/contender.ts'
import { type Fixture, HOME } from '../fixture/fixture.ts'
import { helperContender } from '../fixture/helper-contender.ts'
import { minimalContender } from '../fixture/minimal-contender.ts'
import { createNamespaces, namesOf } from '../fixture/namespaces.ts'
import { median } from '../fixture/statistics.ts'
import { checkLogin } from '../fixture/until-works.ts'
import { type BenchContext, type Measured, openScenarioFixture, type Scenario } from '../scenario.ts'

/** A rotation of each. */
type Turn = Readonly<Record<'minimal' | 'helper', RotationFigures>>

interface Run extends ColdFigures, Omit<RotationFigures, 'rotationRequests'>, MemoryFigures {}

/** Rotations of a round, of which the medians count. */
const ROTATIONS = 3

/**
 * A cold start over many namespaces and a rotation of all of them, compared with a minimal program
 * that makes the same writes.
 */
export const coldStart: Scenario = {
  name: 'cold-start',
  title: { en: 'Cold start and rotation of 1,000 namespaces', zh: '1,000 个命名空间的冷启动与轮换' },
  minutes: 5,
  repeated: true,
  measure: measureColdStart,
}

async function measureColdStart(context: BenchContext): Promise<Measured> {
  const { settings, programs, signal } = context
  const count = settings.namespaces
  context.report('two clusters')
  await using minimalFixture = await openScenarioFixture(context, 'minimal')
  await using helperFixture = await openScenarioFixture(context, 'cold')
  const minimalRun = await prepare(
    context,
    'minimal program',
    minimalFixture,
    minimalContender(minimalFixture, programs.minimal, 'serviceAccounts'),
  )
  const helperRun = await prepare(
    context,
    'helper',
    helperFixture,
    helperContender(helperFixture, 'serviceAccounts', signal),
  )
  const minimalCold = await measureCold(minimalRun)
  const helperCold = await measureCold(helperRun)
  const rotations: Turn[] = []
  // The two programs alternate, because the machine's speed changes from minute to minute.
  for (let turn = 0; turn < ROTATIONS; turn += 1) {
    rotations.push({ minimal: await measureRotation(minimalRun), helper: await measureRotation(helperRun) })
  }
  const minimal: Run = { ...minimalCold, ...combine(rotations, 'minimal'), ...(await measureMemory(minimalRun)) }
  const helper: Run = { ...helperCold, ...combine(rotations, 'helper'), ...(await measureMemory(helperRun)) }
  await checkLogin(helperFixture, HOME)
  const written = (requests: RequestCounts): number => countRequests(requests, 'secrets', 'serviceaccounts', 'events')
  const [most = new Map()] = rotations
    .map((turn) => turn.helper.rotationRequests)
    .toSorted((a, b) => written(b) - written(a))
  return {
    figures: {
      cold: [helper.coldMs / 1000, helper.rotationMs / 1000],
      'cold-against-minimal': [helper.coldMs / minimal.coldMs, helper.rotationMs / minimal.rotationMs],
      'cold-first': [helper.firstMs / 1000],
      'rotation-cpu': [helper.rotationCpu / helper.rotationServerCpu],
      'rotation-requests': [written(most) / (count + 2)],
      'rotation-replaced': [helper.replaced, helper.withoutMs],
      memory: [helper.steadyMiB, helper.peakMiB],
      'memory-against-minimal': [helper.steadyMiB / minimal.steadyMiB, helper.peakMiB / minimal.peakMiB],
    },
    notes: [
      `helper: ${describeRun(helper)}`,
      `minimal program: ${describeRun(minimal)}`,
      `requests per namespace, cold start: ${describeRequests(helper.coldRequests, count)}`,
      `requests per namespace, rotation: ${describeRequests(most, count)}`,
    ],
  }
}

/** Creates the namespaces, and waits for their ServiceAccounts. */
async function prepare(
  { settings, signal, ...context }: BenchContext,
  program: string,
  fixture: Fixture,
  contender: Contender,
): Promise<ContenderRun> {
  const report = (text: string): void => context.report(`${program}: ${text}`)
  const names = namesOf('cold', settings.namespaces)
  await createNamespaces(
    fixture.admin,
    names,
    (done) => report(`${done} of ${names.length} namespaces created`),
    signal,
  )
  const exist = (): boolean => names.every((name) => fixture.observer.of(name).accountAt !== undefined)
  await fixture.observer.until('all ServiceAccounts existed', exist, 120_000, signal)
  return { fixture, contender, names, report, signal }
}

/** Returns the medians of the rotations' times, and the maximum of their counts. */
function combine(turns: readonly Turn[], program: keyof Turn): Omit<RotationFigures, 'rotationRequests'> {
  const of = (over: (numbers: readonly number[]) => number, number: (one: RotationFigures) => number): number =>
    over(turns.map((turn) => number(turn[program])))
  const most = (numbers: readonly number[]): number => Math.max(...numbers)
  return {
    rotationMs: of(median, (one) => one.rotationMs),
    rotationCpu: of(median, (one) => one.rotationCpu),
    rotationServerCpu: of(median, (one) => one.rotationServerCpu),
    replaced: of(most, (one) => one.replaced),
    withoutMs: of(most, (one) => one.withoutMs),
  }
}

function describeRun(run: Run): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`
  return [
    `all usable ${seconds(run.coldMs)} after its process began (the first after ${seconds(run.firstMs)})`,
    `rotation ${seconds(run.rotationMs)}`,
    `CPU ${run.coldCpu.toFixed(2)} s + ${run.rotationCpu.toFixed(2)} s`,
    `of the servers ${run.coldServerCpu.toFixed(2)} s + ${run.rotationServerCpu.toFixed(2)} s`,
    `memory ${run.steadyMiB.toFixed(0)} MiB, peak ${run.peakMiB.toFixed(0)} MiB`,
  ].join(', ')
}
