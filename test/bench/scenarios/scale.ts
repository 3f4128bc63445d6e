import { setTimeout as sleep } from 'node:timers/promises'
import type { StepHandle } from '../../../src/sandbox/progress.ts'
import type { Bed } from '../bed/bed.ts'
import { type Attach, type ContenderFigures, measureContender } from '../bed/contender.ts'
import { helperContender } from '../bed/helper-contender.ts'
import { createNamespaces, namesOf } from '../bed/namespaces.ts'
import { readProcess } from '../bed/process-figures.ts'
import { plotLines } from '../report/plot.ts'
import { SCALE_ROWS } from '../rows/scale-rows.ts'
import { type BenchContext, openScenarioBed, type Scenario, type ScenarioResult, snapshot } from './scenario.ts'

const IDLE_MS = 60_000

/** What more namespaces cost, up to ten thousand. */
export const scale: Scenario = {
  name: 'scale',
  title: { en: 'Up to ten thousand namespaces', zh: '多至一万个命名空间' },
  minutes: 20,
  long: true,
  rows: SCALE_ROWS,
  run: runScale,
}

interface Sized {
  readonly count: number
  readonly figures: ContenderFigures
  readonly unit: NonNullable<ScenarioResult['unit']>
  /** Share of one core, percent; where it was measured. */
  readonly idleCpu: number | undefined
}

interface Size {
  readonly count: number
  readonly attach: Attach
  /** Also what it costs when there is nothing to do. */
  readonly idle: boolean
}

async function runScale(context: BenchContext, step: StepHandle): Promise<ScenarioResult> {
  const most = Math.max(...context.settings.sizes)
  const sizes: Sized[] = []
  for (const count of context.settings.sizes) {
    sizes.push(await measureSize(context, { count, attach: 'serviceAccounts', idle: count === most }, step))
  }
  const [smallest, largest] = [sizes[0], sizes.at(-1)]
  if (smallest === undefined || largest === undefined) throw new Error('no size was asked for')
  const admission = await measureSize(context, { count: most, attach: 'admission', idle: true }, step)
  const each = (one: Sized, ms: number): number => ms / one.count / one.unit.p50
  const cold = (one: Sized): number => each(one, one.figures.coldMs)
  const rotation = (one: Sized): number => each(one, one.figures.rotationMs)
  return {
    unit: largest.unit,
    figures: {
      'scale-cold': sizes.map(cold),
      'scale-rotation': sizes.map(rotation),
      'scale-linear': [cold(largest) / cold(smallest), rotation(largest) / rotation(smallest)],
      'scale-memory': [largest.figures.steadyMiB, largest.figures.peakMiB],
      'scale-memory-admission': [admission.figures.steadyMiB, admission.figures.peakMiB],
      'scale-cpu': [largest.idleCpu ?? Number.NaN, admission.idleCpu ?? Number.NaN],
    },
    notes: [...sizes, admission].map(describe),
    pictures: {
      'cost-against-namespaces.svg': plotLines({
        title: 'Cost against the number of namespaces',
        x: 'namespaces',
        y: 'round trips of one write',
        series: [
          {
            name: 'cold start',
            colour: '#0969da',
            points: sizes.map((one) => [one.count, cold(one) * one.count] as const),
          },
          {
            name: 'rotation',
            colour: '#bf8700',
            points: sizes.map((one) => [one.count, rotation(one) * one.count] as const),
          },
        ],
      }),
      'memory-against-namespaces.svg': plotLines({
        title: 'Memory against the number of namespaces',
        x: 'namespaces',
        y: 'MiB (RSS)',
        series: [
          { name: 'at most', colour: '#cf222e', points: sizes.map((one) => [one.count, one.figures.peakMiB] as const) },
          {
            name: 'when all is done',
            colour: '#1a7f37',
            points: sizes.map((one) => [one.count, one.figures.steadyMiB] as const),
          },
        ],
      }),
    },
  }
}

async function measureSize(context: BenchContext, size: Size, step: StepHandle): Promise<Sized> {
  const { signal } = context
  const { count, attach } = size
  const tell = (text: string): void => step.update(`${count} namespaces, ${attach}: ${text}`)
  tell('a cluster')
  await using bed = await openScenarioBed(context, 'scale')
  const names = namesOf('cold', count)
  await createNamespaces(bed.admin, names, (done) => tell(`${done} made`), signal)
  const exist = (): boolean => names.every((name) => bed.observer.of(name).accountAt !== undefined)
  await bed.observer.until('all ServiceAccounts existed', exist, 600_000, signal)
  const contender = helperContender(bed, attach, signal)
  const figures = await measureContender(bed, contender, names, tell, signal)
  if (size.idle) tell(`idle for ${IDLE_MS / 1000} s`)
  const sized: Sized = { count, figures, unit: snapshot(bed.unit), idleCpu: undefined }
  context.note(`${attach}, ${describe(sized)}`)
  return size.idle ? { ...sized, idleCpu: await idleCpu(bed, signal) } : sized
}

async function idleCpu(bed: Bed, signal: AbortSignal): Promise<number> {
  const [pod] = bed.helpers()
  if (pod === undefined) throw new Error('no helper runs')
  const id = bed.processOf(pod)
  const before = readProcess(id).cpuSeconds
  await sleep(IDLE_MS, undefined, { signal })
  return ((readProcess(id).cpuSeconds - before) / (IDLE_MS / 1000)) * 100
}

function describe({ count, figures, unit, idleCpu: idle }: Sized): string {
  const { coldMs, rotationMs, coldCpu, rotationCpu, steadyMiB, peakMiB } = figures
  return [
    `${count} namespaces (one write ${unit.p50.toFixed(1)} ms): cold start ${(coldMs / 1000).toFixed(1)} s with ${coldCpu.toFixed(1)} s of CPU`,
    `rotation ${(rotationMs / 1000).toFixed(1)} s with ${rotationCpu.toFixed(1)} s`,
    `memory ${steadyMiB.toFixed(0)} MiB, at most ${peakMiB.toFixed(0)} MiB`,
    ...(idle === undefined ? [] : [`idle ${idle.toFixed(2)} % of a core`]),
  ].join(', ')
}
