import type { CoverageStatus, HelperStatus } from '../../release/helper-status.ts'
import type { Words } from './words.ts'

/** The first thing that the page says. */
export interface PageVerdict {
  readonly tone: 'good' | 'busy' | 'bad'
  readonly headline: string
  readonly detail: string
}

/** How it all stands, in one sentence; `troubles`: how many things a person should look at. */
export function judgeStatus(status: HelperStatus, troubles: number, words: Words): PageVerdict {
  const { current, total, pending, kept } = countServed(status.namespaces)
  const waiting = pending + (status.serviceAccounts?.pending ?? 0)
  const covered = words.covered(current, total)
  if (troubles > 0 || kept.length > 0) {
    const headline = troubles > 0 ? words.toFix(troubles) : covered
    return { tone: 'bad', headline, detail: words.sentence(covered) }
  }
  if (status.retired) return { tone: 'good', headline: words.retired, detail: words.retiredHint }
  if (status.registries.some(({ state }) => state === 'pending')) {
    return { tone: 'busy', headline: words.waitingForCredential, detail: words.waitingHint }
  }
  if (total === 0) return { tone: 'busy', headline: words.noNamespace, detail: words.noNamespaceHint }
  if (waiting > 0) return { tone: 'busy', headline: covered, detail: words.restIsComing }
  return { tone: 'good', headline: words.allCovered(total), detail: words.nothingToFix }
}

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
