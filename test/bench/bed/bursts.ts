import type { Settings } from '../scenarios/scenario.ts'
import type { Bed } from './bed.ts'
import { createAtRate, namesOf } from './namespaces.ts'
import { usableAt } from './observer.ts'

/** Milliseconds until each of the namespaces of all bursts was usable. */
export interface BurstTimes {
  /** After it was asked for. */
  readonly asked: readonly number[]
  /** After its ServiceAccount existed. */
  readonly account: readonly number[]
}

/** Namespaces a second. */
const BURST_RATE = 50
const LIMIT_MS = 60_000

/** Makes bursts of namespaces, each burst when all of the one before are usable. */
export async function measureBursts(
  bed: Bed,
  { bursts, burst }: Pick<Settings, 'bursts' | 'burst'>,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<BurstTimes> {
  const times = { asked: [] as number[], account: [] as number[] }
  for (let round = 0; round < bursts; round += 1) {
    tell(`burst ${round + 1} of ${bursts}: ${burst} namespaces at ${BURST_RATE} a second`)
    const names = namesOf(`burst-${round}`, burst)
    const asked = await createAtRate(bed.admin, names, BURST_RATE, signal)
    const done = (): boolean => names.every((name) => usableAt(bed.observer.of(name)) !== undefined)
    await bed.observer.until('all new namespaces were usable', done, LIMIT_MS, signal)
    for (const name of names) {
      const seen = bed.observer.of(name)
      const usable = usableAt(seen) ?? Number.NaN
      times.asked.push(usable - (asked.get(name) ?? Number.NaN))
      times.account.push(usable - (seen.accountAt ?? Number.NaN))
    }
  }
  return times
}
