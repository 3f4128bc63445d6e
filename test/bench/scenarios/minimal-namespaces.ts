import type { StepHandle } from '../../../src/sandbox/progress.ts'
import { HOME } from '../bed/bed.ts'
import { type BurstTimes, measureBursts } from '../bed/bursts.ts'
import type { Attach } from '../bed/contender.ts'
import { minimalContender } from '../bed/minimal-contender.ts'
import { namesOf } from '../bed/namespaces.ts'
import { measureSingles, type SingleTimes } from '../bed/singles.ts'
import { type BenchContext, openScenarioBed } from './scenario.ts'

/** Enough for a median; its p99 is that of a small sample. */
const COUNT = 200

/** `bursts`: where ServiceAccounts are its work too. */
export interface MinimalTimes extends SingleTimes {
  readonly bursts?: BurstTimes
}

/** New namespaces under the minimal program: the lower bound in this very run. In units. */
export async function measureMinimal(context: BenchContext, attach: Attach, step: StepHandle): Promise<MinimalTimes> {
  const { settings, programs, signal } = context
  const tell = (text: string): void => step.update(`minimal program: ${text}`)
  tell('a cluster')
  await using bed = await openScenarioBed(context, 'minimal')
  await minimalContender(bed, programs.minimal, attach).start()
  await bed.observer.until('the program worked', () => !!bed.observer.of(HOME).secretAt, 60_000, signal)
  await bed.unit.measure(signal)
  const names = namesOf('one', Math.min(COUNT, settings.singles))
  const { account, namespace, asked } = await measureSingles(bed, names, attach, tell, signal)
  await bed.unit.measure(signal)
  const bursts = attach === 'serviceAccounts' ? await measureBursts(bed, settings, tell, signal) : undefined
  const inUnits = (times: readonly number[]): readonly number[] => times.map((time) => time / bed.unit.p50)
  return {
    account: inUnits(account),
    namespace: inUnits(namespace),
    asked: inUnits(asked),
    ...(bursts && { bursts: { asked: inUnits(bursts.asked), account: inUnits(bursts.account) } }),
  }
}
