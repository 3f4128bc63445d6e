import { SEVERITY_RANK } from '../../doctor/finding.ts'
import { printable } from '../../printable.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import type { ClusterState } from '../finding.ts'
import { compareFindings, type FindingChange, type PresentFinding } from './compare-findings.ts'
import type { EarlierCheck } from './earlier-check.ts'
import { describeParts, textOfFinding } from './finding-texts.ts'

/** What changed since an earlier check. */
export interface Change {
  /** When the earlier check was made; null: there was none, so everything is new. */
  readonly checkedAt: string | null
  /** The clusters that changed, in the order of the list. */
  readonly clusters: readonly ClusterChange[]
}

export interface ClusterChange {
  readonly name: string
  /** The earlier state; null: the cluster is new in the list. */
  readonly from: ClusterState | null
  /** Null: the cluster is not checked any more. */
  readonly to: ClusterState | null
  /** Ids and subjects of new findings, such as `HELPER_DOWN helper acr-nopass/acr-nopass`. */
  readonly found: readonly string[]
  /** Findings that are gone. */
  readonly gone: readonly string[]
  /** Findings of both checks that have another severity or other objects now. */
  readonly changed: readonly FindingChange[]
}

/** Compares two checks. A cluster that did not change is left out. */
export function changesSince(before: EarlierCheck | undefined, now: readonly ClusterCheck[]): Change {
  const old = new Map((before?.clusters ?? []).map((one) => [one.name, one]))
  const present = now.map((check): ClusterChange => {
    const { name, state: to } = check
    const { state: from = null, findings = [] } = old.get(name) ?? {}
    return { name, from, to, ...compareFindings(findings, describeFindings(check)) }
  })
  const names = new Set(now.map(({ name }) => name))
  const absent = [...old.values()]
    .filter(({ name }) => !names.has(name))
    .map(
      ({ name, state, findings }): ClusterChange => ({ name, from: state, to: null, ...compareFindings(findings, []) }),
    )
  return { checkedAt: before?.checkedAt ?? null, clusters: [...present, ...absent].filter(isChange) }
}

const isChange = ({ from, to, found, gone, changed }: ClusterChange): boolean =>
  from !== to || found.length + gone.length + changed.length > 0

/**
 * Returns a test of whether a finding is new, or not the same as in the earlier check. A finding
 * that only lost objects, or became less severe, is no news.
 */
export function newsTest({ found, changed }: ClusterChange): (finding: ClusterCheck['findings'][number]) => boolean {
  const [texts, changes] = [new Set(found), new Map(changed.map((one) => [one.finding, one]))]
  return ({ id, subject }) => {
    const text = textOfFinding({ id, subject })
    const change = changes.get(text)
    if (change === undefined) return texts.has(text)
    const { from, to, added } = change
    return added === null || added.length > 0 || from === null || SEVERITY_RANK[to] < SEVERITY_RANK[from]
  }
}

/** Returns the findings of a check, with what could not be read, and what will change. */
function describeFindings({ findings, unread, ahead }: ClusterCheck): readonly PresentFinding[] {
  const own = findings.map(({ id, subject, severity, objects = [] }): PresentFinding => {
    return { id, text: textOfFinding({ id, subject }), severity, objects: objects.map(printable) }
  })
  return [...own, ...describeParts({ unread, ahead })]
}
