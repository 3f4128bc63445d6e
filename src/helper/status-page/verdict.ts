import type { CoverageStatus, HelperStatus } from '../../release/helper-status.ts'
import type { Words } from './words.ts'

/** The headline of the page. */
export interface PageVerdict {
  readonly tone: 'good' | 'busy' | 'bad'
  readonly headline: string
  readonly detail: string
}

/** Summarizes the status; `problems`: their number on the page. */
export function judgeStatus(status: HelperStatus, problems: number, words: Words): PageVerdict {
  const { current, total, pending, kept } = countServed(status.namespaces)
  const waiting = pending + (status.serviceAccounts?.pending ?? 0)
  const covered = words.covered(current, total)
  if (problems > 0 || kept.length > 0) {
    const headline = problems > 0 ? words.toFix(problems) : covered
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

/** Reasons to leave an object out on purpose; with any other reason a pull may fail. */
const INTENDED: ReadonlySet<string> = new Set(['not-targeted', 'opted-out', 'retired', 'terminating'])

export interface Served {
  /** Those that should be current. */
  readonly total: number
  readonly current: number
  readonly pending: number
  /** Those that should be current but cannot, by reason. */
  readonly kept: readonly (readonly [reason: string, count: number])[]
  /** Those that are left out on purpose, by reason. */
  readonly aside: readonly (readonly [reason: string, count: number])[]
}

/** Separates objects that cannot be current from those that are left out on purpose. */
export function countServed({ total, current, pending, skipped }: CoverageStatus): Served {
  const entries = Object.entries(skipped).filter(([, count]) => count > 0)
  const aside = entries.filter(([reason]) => INTENDED.has(reason))
  const kept = entries.filter(([reason]) => !INTENDED.has(reason))
  return { total: total - aside.reduce((sum, [, count]) => sum + count, 0), current, pending, kept, aside }
}
