import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Attach,
  type ColdFigures,
  type MemoryFigures,
  measureCold,
  measureMemory,
  measureRotation,
  type RotationFigures,
} from '../fixture/contender.ts'
import type { Fixture } from '../fixture/fixture.ts'
import { helperContender } from '../fixture/helper-contender.ts'
import { createNamespaces, namesOf } from '../fixture/namespaces.ts'
import { readProcess } from '../fixture/process-figures.ts'
import { plotLines } from '../report/plot.ts'
import { type BenchContext, type Measured, openScenarioFixture, type Scenario } from '../scenario.ts'

const IDLE_MS = 30_000

/** The cost of ten thousand namespaces; with `--long` also of fewer, and with admission. */
export const scale: Scenario = {
  name: 'scale',
  title: { en: 'Up to ten thousand namespaces', zh: '多至一万个命名空间' },
  minutes: 3,
  measure: measureScale,
}

interface Sized extends ColdFigures, RotationFigures, MemoryFigures {
  readonly count: number
  /** Share of one core, percent. */
  readonly idleCpu: number
}

async function measureScale(context: BenchContext): Promise<Measured> {
  const { sizes, long } = context.settings
  const all: Sized[] = []
  for (const count of sizes) all.push(await measureSize(context, count, 'serviceAccounts'))
  const largest = all.at(-1)
  if (largest === undefined) throw new Error('no size was given')
  const admission = long ? await measureSize(context, largest.count, 'admission') : undefined
  return {
    figures: {
      'scale-memory': [largest.steadyMiB, largest.peakMiB],
      'scale-times': [largest.coldMs / 1000, largest.rotationMs / 1000],
      'scale-cpu': [largest.idleCpu],
      ...(admission && { 'scale-memory-admission': [admission.steadyMiB, admission.peakMiB] }),
    },
    notes: [
      ...all.map((one) => describe(one, 'serviceAccounts')),
      ...(admission ? [describe(admission, 'admission')] : []),
    ],
    // A single point is not a line.
    ...(all.length > 1 && { pictures: draw(all) }),
  }
}

function draw(all: readonly Sized[]): NonNullable<Measured['pictures']> {
  const line = (name: string, colour: string, of: (one: Sized) => number) => ({
    name,
    colour,
    points: all.map((one) => [one.count, of(one)] as const),
  })
  return {
    'cost-against-namespaces.svg': plotLines({
      title: 'Time against the number of namespaces',
      x: 'namespaces',
      y: 'seconds',
      series: [
        line('cold start', '#0969da', ({ coldMs }) => coldMs / 1000),
        line('rotation', '#bf8700', ({ rotationMs }) => rotationMs / 1000),
      ],
    }),
    'memory-against-namespaces.svg': plotLines({
      title: 'Memory against the number of namespaces',
      x: 'namespaces',
      y: 'MiB (RSS)',
      series: [
        line('peak', '#cf222e', ({ peakMiB }) => peakMiB),
        line('steady', '#1a7f37', ({ steadyMiB }) => steadyMiB),
      ],
    }),
  }
}

async function measureSize(context: BenchContext, count: number, attach: Attach): Promise<Sized> {
  const { signal } = context
  const report = (text: string): void => context.report(`${count} namespaces, ${attach}: ${text}`)
  report('a cluster')
  await using fixture = await openScenarioFixture(context, 'scale')
  const names = namesOf('cold', count)
  await createNamespaces(fixture.admin, names, (done) => report(`${done} created`), signal)
  const exist = (): boolean => names.every((name) => fixture.observer.of(name).accountAt !== undefined)
  await fixture.observer.until('all ServiceAccounts existed', exist, 600_000, signal)
  const run = { fixture, contender: helperContender(fixture, attach, signal), names, report, signal }
  const figures = { ...(await measureCold(run)), ...(await measureRotation(run)), ...(await measureMemory(run)) }
  report(`idle for ${IDLE_MS / 1000} s`)
  const sized: Sized = { ...figures, count, idleCpu: await idleCpu(fixture, signal) }
  context.note(describe(sized, attach))
  return sized
}

async function idleCpu(fixture: Fixture, signal: AbortSignal): Promise<number> {
  const [pod] = fixture.helpers()
  if (pod === undefined) throw new Error('no helper runs')
  const id = fixture.processOf(pod)
  const before = readProcess(id).cpuSeconds
  await sleep(IDLE_MS, undefined, { signal })
  return ((readProcess(id).cpuSeconds - before) / (IDLE_MS / 1000)) * 100
}

function describe(
  { count, coldMs, rotationMs, coldCpu, rotationCpu, steadyMiB, peakMiB, idleCpu: idle }: Sized,
  attach: Attach,
): string {
  return [
    `${count} namespaces, ${attach}: cold start ${(coldMs / 1000).toFixed(1)} s with ${coldCpu.toFixed(1)} s of CPU`,
    `rotation ${(rotationMs / 1000).toFixed(1)} s with ${rotationCpu.toFixed(1)} s`,
    `memory ${steadyMiB.toFixed(0)} MiB, peak ${peakMiB.toFixed(0)} MiB`,
    `idle ${idle.toFixed(2)} % of a core`,
  ].join(', ')
}
