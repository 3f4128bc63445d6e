import type { Bed } from './bed.ts'
import { createAtRate, namesOf } from './namespaces.ts'
import { usableAt } from './observer.ts'

/** Milliseconds until each of the namespaces was usable. */
export interface BurstTimes {
  /** After it was requested. */
  readonly asked: readonly number[]
  /** After its ServiceAccount existed. */
  readonly account: readonly number[]
}

/** Namespaces per second. */
const BURST_RATE = 50
const LIMIT_MS = 60_000

/** Creates many namespaces at a rate, and waits until all are usable. */
export async function measureBursts(
  bed: Bed,
  count: number,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<BurstTimes> {
  tell(`a burst: ${count} namespaces at ${BURST_RATE} per second`)
  const names = namesOf('burst', count)
  const asked = await createAtRate(bed.admin, names, BURST_RATE, signal)
  const done = (): boolean => names.every((name) => usableAt(bed.observer.of(name)) !== undefined)
  await bed.observer.until('all new namespaces were usable', done, LIMIT_MS, signal)
  const since = (begin: (name: string) => number | undefined): readonly number[] =>
    names.map((name) => (usableAt(bed.observer.of(name)) ?? Number.NaN) - (begin(name) ?? Number.NaN))
  return { asked: since((name) => asked.get(name)), account: since((name) => bed.observer.of(name).accountAt) }
}
