import type { CoverageStatus } from '../../release/helper-status.ts'

/** What is left out because somebody wants it so; every other reason is a pull that may fail. */
const INTENDED: ReadonlySet<string> = new Set(['not-targeted', 'opted-out', 'retired', 'terminating'])

export interface Served {
  /** Those that should be current. */
  readonly total: number
  readonly current: number
  readonly pending: number
  /** Those that should be and cannot, by reason. */
  readonly kept: readonly (readonly [reason: string, count: number])[]
  /** Those that should not be, by reason. */
  readonly aside: readonly (readonly [reason: string, count: number])[]
}

/** Tells what is missing from what is left out on purpose. */
export function countServed({ total, current, pending, skipped }: CoverageStatus): Served {
  const entries = Object.entries(skipped).filter(([, count]) => count > 0)
  const aside = entries.filter(([reason]) => INTENDED.has(reason))
  const kept = entries.filter(([reason]) => !INTENDED.has(reason))
  return { total: total - aside.reduce((sum, [, count]) => sum + count, 0), current, pending, kept, aside }
}
