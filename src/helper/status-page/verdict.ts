import type { HelperStatus } from '../../release/helper-status.ts'
import { countServed } from './served.ts'
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
