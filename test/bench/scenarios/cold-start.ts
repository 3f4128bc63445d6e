import { countRequests, describeRequests } from '../fixture/audit-window.ts'
import { type Contender, type ContenderFigures, measureContender } from '../fixture/contender.ts'
import { type Fixture, HOME } from '../fixture/fixture.ts'
import { helperContender } from '../fixture/helper-contender.ts'
import { minimalContender } from '../fixture/minimal-contender.ts'
import { createNamespaces, namesOf } from '../fixture/namespaces.ts'
import { checkLogin } from '../fixture/until-works.ts'
import { type BenchContext, type Measured, openScenarioFixture, type Scenario } from '../scenario.ts'

/** A cold start over many namespaces and a rotation of all of them, compared with a minimal program that makes the same writes. */
export const coldStart: Scenario = {
  name: 'cold-start',
  title: { en: 'Cold start and rotation of 1,000 namespaces', zh: '1,000 个命名空间的冷启动与轮换' },
  minutes: 5,
  repeated: true,
  measure: measureColdStart,
}

async function measureColdStart(context: BenchContext): Promise<Measured> {
  const { settings, programs, signal, report } = context
  const count = settings.namespaces
  const minimal = await measureOne(
    { ...context, report: (text) => report(`minimal program: ${text}`) },
    (fixture) => minimalContender(fixture, programs.minimal, 'serviceAccounts'),
    async () => undefined,
  )
  const helper = await measureOne(
    { ...context, report: (text) => report(`helper: ${text}`) },
    (fixture) => helperContender(fixture, 'serviceAccounts', signal),
    (fixture) => checkLogin(fixture, HOME),
  )
  return {
    figures: {
      cold: [helper.coldMs / 1000, helper.rotationMs / 1000],
      'cold-against-minimal': [helper.coldMs / minimal.coldMs, helper.rotationMs / minimal.rotationMs],
      'cold-first': [helper.firstMs / 1000],
      'rotation-cpu': [helper.rotationCpu / helper.rotationServerCpu],
      'rotation-requests': [
        countRequests(helper.rotationRequests, 'secrets', 'serviceaccounts', 'events') / (count + 2),
      ],
      'rotation-replaced': [helper.replaced, helper.withoutMs],
      memory: [helper.steadyMiB, helper.peakMiB],
      'memory-against-minimal': [helper.steadyMiB / minimal.steadyMiB, helper.peakMiB / minimal.peakMiB],
    },
    notes: [
      `helper: ${describeRun(helper)}`,
      `minimal program: ${describeRun(minimal)}`,
      `requests per namespace, cold start: ${describeRequests(helper.coldRequests, count)}`,
      `requests per namespace, rotation: ${describeRequests(helper.rotationRequests, count)}`,
    ],
  }
}

async function measureOne(
  context: BenchContext,
  create: (fixture: Fixture) => Contender,
  check: (fixture: Fixture) => Promise<void>,
): Promise<ContenderFigures> {
  const { settings, report, signal } = context
  report('a cluster')
  await using fixture = await openScenarioFixture(context, 'cold')
  const names = namesOf('cold', settings.namespaces)
  await createNamespaces(
    fixture.admin,
    names,
    (done) => report(`${done} of ${names.length} namespaces created`),
    signal,
  )
  const exist = (): boolean => names.every((name) => fixture.observer.of(name).accountAt !== undefined)
  await fixture.observer.until('all ServiceAccounts existed', exist, 120_000, signal)
  const figures = await measureContender(fixture, create(fixture), names, report, signal)
  await check(fixture)
  return figures
}

function describeRun(run: ContenderFigures): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`
  return [
    `all usable ${seconds(run.coldMs)} after its process began (the first after ${seconds(run.firstMs)})`,
    `rotation ${seconds(run.rotationMs)}`,
    `CPU ${run.coldCpu.toFixed(2)} s + ${run.rotationCpu.toFixed(2)} s`,
    `of the servers ${run.coldServerCpu.toFixed(2)} s + ${run.rotationServerCpu.toFixed(2)} s`,
    `memory ${run.steadyMiB.toFixed(0)} MiB, peak ${run.peakMiB.toFixed(0)} MiB`,
  ].join(', ')
}
