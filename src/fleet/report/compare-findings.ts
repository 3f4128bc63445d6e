import { SEVERITY_RANK, type Severity } from '../../doctor/finding.ts'

/** A finding of an earlier check, in the form in which two checks are compared. */
export interface EarlierFinding {
  readonly id: string
  /** The id and the subject, such as `HELPER_DOWN helper acr-nopass/acr-nopass`. */
  readonly text: string
  /** Undefined: the earlier check did not record it. */
  readonly severity: Severity | undefined
  /** Undefined: the earlier check did not record them. */
  readonly objects: readonly string[] | undefined
}

/** The same of a finding of now. */
export interface PresentFinding extends EarlierFinding {
  readonly severity: Severity
  readonly objects: readonly string[]
}

/** A finding that both checks have, and that is not the same now. */
export interface FindingChange {
  /** Its id and its subject now. */
  readonly finding: string
  /** Null: the earlier check did not record it, so it was not compared. */
  readonly from: Severity | null
  readonly to: Severity
  /** Objects that the earlier check did not name under this id. Null: not compared. */
  readonly added: readonly string[] | null
  /** Objects that are not named under this id any more. Null: not compared. */
  readonly removed: readonly string[] | null
}

/** The differences between the findings of two checks. */
export interface FindingChanges {
  readonly found: readonly string[]
  readonly gone: readonly string[]
  readonly changed: readonly FindingChange[]
}

/**
 * Compares the findings of a cluster with those of an earlier check. A finding is known if the
 * other check has its id with the same subject, or with one of its objects: a subject such as
 * `3 Pods` does not say which Pods they are, and changes with their number. Messages are not
 * compared, because they hold times and numbers that change with every check. Pure.
 */
export function compareFindings(before: readonly EarlierFinding[], now: readonly PresentFinding[]): FindingChanges {
  const [old, current] = [indexFindings(before), indexFindings(now)]
  const removed = groupRemoved(old, current)
  const changes = [...current.byText]
    .filter(([, same]) => isIn(old, same))
    .map(([text, same]) => describeChange(text, same, { old, current, removed: removed.get(text) ?? [] }))
  return {
    found: [...current.byText].flatMap(([text, same]) => (isIn(old, same) ? [] : [text])),
    gone: [...old.byText].flatMap(([text, same]) => (isIn(current, same) ? [] : [text])),
    changed: changes.filter(isChange),
  }
}

interface Index<Finding extends EarlierFinding> {
  readonly byText: ReadonlyMap<string, readonly Finding[]>
  /** By id and object. The first finding that names the object. */
  readonly byObject: ReadonlyMap<string, Finding>
  readonly ofText: ReadonlyMap<string, Severities>
  /** By id and object. */
  readonly ofObject: ReadonlyMap<string, Severities>
}

/** Undefined: a finding without a recorded severity. */
type Severities = ReadonlySet<Severity | undefined>

function indexFindings<Finding extends EarlierFinding>(findings: readonly Finding[]): Index<Finding> {
  const byObject = new Map<string, Finding>()
  const [ofText, ofObject] = [
    new Map<string, Set<Severity | undefined>>(),
    new Map<string, Set<Severity | undefined>>(),
  ]
  for (const finding of findings) {
    const { text, severity } = finding
    ofText.set(text, (ofText.get(text) ?? new Set()).add(severity))
    for (const object of finding.objects ?? []) {
      const key = keyOf(finding, object)
      if (!byObject.has(key)) byObject.set(key, finding)
      ofObject.set(key, (ofObject.get(key) ?? new Set()).add(severity))
    }
  }
  return { byText: Map.groupBy(findings, ({ text }) => text), byObject, ofText, ofObject }
}

const keyOf = ({ id }: EarlierFinding, object: string): string => `${id} ${object}`

/** True if the other check has one of these findings, by its text or by one of its objects. */
function isIn({ byText, byObject }: Index<EarlierFinding>, findings: readonly EarlierFinding[]): boolean {
  return findings.some((finding) => {
    const { text, objects = [] } = finding
    return byText.has(text) || objects.some((object) => byObject.has(keyOf(finding, object)))
  })
}

/**
 * Returns the objects that left a finding of both checks, by the finding's text now. That is the
 * finding with the same text, else the first one that has another object of the earlier finding,
 * or of one with the same text as that.
 */
function groupRemoved(
  old: Index<EarlierFinding>,
  current: Index<PresentFinding>,
): ReadonlyMap<string, readonly string[]> {
  const findNow = (finding: EarlierFinding, object: string) => current.byObject.get(keyOf(finding, object))
  const removed = [...old.byText].flatMap(([text, same]) => {
    const followers = same.map((one) => one.objects?.map((object) => findNow(one, object)).find(Boolean)?.text)
    const any = followers.find(Boolean)
    return same.flatMap((one, index) => {
      const owner = current.byText.has(text) ? text : (followers[index] ?? any)
      const left = (one.objects ?? []).filter((object) => findNow(one, object) === undefined)
      return owner === undefined ? [] : left.map((object) => ({ owner, object }))
    })
  })
  const groups = Map.groupBy(removed, ({ owner }) => owner)
  return new Map([...groups].map(([owner, group]) => [owner, [...new Set(group.map(({ object }) => object))]]))
}

interface Comparison {
  readonly old: Index<EarlierFinding>
  readonly current: Index<PresentFinding>
  /** The objects that left these findings. */
  readonly removed: readonly string[]
}

/** Describes the change of the findings that have the same text now. */
function describeChange(finding: string, same: readonly PresentFinding[], compared: Comparison): FindingChange {
  const { old, removed } = compared
  const added = same.flatMap((one) => one.objects.filter((object) => !old.byObject.has(keyOf(one, object))))
  // Objects of which the earlier check recorded nothing cannot be called new.
  const isUnknown = added.length > 0 && (old.byText.get(finding) ?? []).some(({ objects }) => objects === undefined)
  const objects = isUnknown ? { added: null, removed: null } : { added: [...new Set(added)], removed }
  return { finding, ...compareSeverity(same, compared), ...objects }
}

type SeverityChange = Pick<FindingChange, 'from' | 'to'>

/** Returns the severity before and now. If several changed, the one that became worse counts. */
function compareSeverity(same: readonly PresentFinding[], compared: Comparison): SeverityChange {
  const changes = same.flatMap((finding) => findSeverities(finding, compared))
  const [first] = changes.toSorted((a, b) => riseOf(b) - riseOf(a))
  const [{ severity } = { severity: 'info' as const }] = same
  return first ?? { from: severity, to: severity }
}

/** Compares a finding with those that had its objects, and with the one that had its text. */
function findSeverities(finding: PresentFinding, { old, current }: Comparison): readonly SeverityChange[] {
  const { text, objects, severity } = finding
  const keys = objects.map((object) => keyOf(finding, object)).filter((key) => old.byObject.has(key))
  const pairs = keys.map((key) => [old.ofObject.get(key), current.ofObject.get(key)])
  // Groups with the same number of other Pods have the same text.
  const [earlier = [], present = []] = [old.byText.get(text), current.byText.get(text)]
  const own = new Set(objects)
  const isSame = earlier.length * present.length === 1 && earlier[0]?.objects?.some((object) => own.has(object))
  if (keys.length === 0 || isSame) pairs.push([old.ofText.get(text), current.ofText.get(text)])
  return pairs.flatMap(([before, now]) => {
    if (before === undefined || now === undefined) return []
    const from = worstOf(before)
    // Several findings may have the same text or object, such as those of two containers of a Pod.
    const isChange = !before.has(severity) || (worstOf(now) === severity && from !== severity)
    return isChange ? [{ from, to: severity }] : []
  })
}

/** Null: no severity was recorded. */
function worstOf(severities: Severities): Severity | null {
  const known = [...severities].filter((one) => one !== undefined)
  return known.toSorted((a, b) => SEVERITY_RANK[a] - SEVERITY_RANK[b])[0] ?? null
}

/** Above zero: it became worse. */
const riseOf = ({ from, to }: SeverityChange): number => (from === null ? 0 : SEVERITY_RANK[from] - SEVERITY_RANK[to])

const isChange = ({ from, to, added, removed }: FindingChange): boolean =>
  from !== to || added === null || removed === null || added.length + removed.length > 0
