import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { SEVERITY_RANK, type Severity } from '../../doctor/finding.ts'
import { NopassError } from '../../errors.ts'
import { isWithin, readRegular, realPath } from '../../lib/files.ts'
import { isRecord, type JsonObject, parseObject, recordsOf, textOf } from '../../lib/json.ts'
import { printable } from '../../printable.ts'
import { VERSION } from '../../version.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import { type ClusterState, STATES } from '../finding.ts'
import { compareFindings, type EarlierFinding, type FindingChange, type PresentFinding } from './compare-findings.ts'
import { RESULTS_VERSION } from './results-version.ts'

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

/** The part of an earlier check that is compared. */
export interface EarlierCheck {
  readonly checkedAt: string
  readonly clusters: readonly EarlierCluster[]
}

interface EarlierCluster {
  readonly name: string
  readonly state: ClusterState
  /** With what could not be read, and what will change. */
  readonly findings: readonly EarlierFinding[]
}

/** The most bytes of an earlier check: thousands of clusters. */
const LIMIT = 64 * 1024 * 1024

/**
 * Reads the JSON of an earlier check. Undefined: the file does not exist, as in the first run of a
 * job.
 * @param within the folders that may hold the file; undefined: any
 * @throws INPUT_INVALID
 */
export function readEarlier(
  name: string,
  { folder, within }: { readonly folder: string; readonly within?: readonly string[] | undefined },
): EarlierCheck | undefined {
  const wrong = (why: string, cause?: unknown): NopassError =>
    new NopassError('INPUT_INVALID', `since: ${name} ${why}`, { cause })
  const file = resolve(folder, name)
  let real: string
  try {
    real = realpathSync(file)
  } catch (cause) {
    // A file out of reach is no first run, in which everything would be new.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw wrong('cannot be read', cause)
  }
  if (within !== undefined && !isWithin(real, within.map(realPath))) {
    throw wrong('is outside of the workspace and of RUNNER_TEMP')
  }
  let bytes: Buffer | undefined
  try {
    bytes = readRegular(real, LIMIT)
  } catch (cause) {
    throw wrong('cannot be read', cause)
  }
  if (bytes === undefined) throw wrong('is too large')
  return parseEarlier(bytes.toString('utf8'), name)
}

/** @throws INPUT_INVALID for anything but the JSON of a check of this version */
export function parseEarlier(text: string, file: string): EarlierCheck {
  const wrong = (why: string): NopassError =>
    new NopassError('INPUT_INVALID', `since: ${file} ${why}`, {
      hint: 'Name a file that `doctor --clusters-file … -o json` wrote, or the output `results-file` of `mode: check`.',
    })
  const document = parseObject(text)
  if (document === undefined || !Array.isArray(document.clusters)) throw wrong('is not the JSON of a check')
  if (document.version !== RESULTS_VERSION) {
    const version = typeof document.version === 'number' ? `version ${document.version}` : 'no version'
    throw wrong(`has ${version}, and this program reads version ${RESULTS_VERSION}`)
  }
  if (typeof document.checkedAt !== 'string') throw wrong('does not say when the check was made')
  const clusters = document.clusters.map((one: unknown): EarlierCluster => {
    const { name, state, ...parts } = isRecord(one) ? one : {}
    const known = STATES.find((each) => each === state)
    if (typeof name !== 'string' || known === undefined) throw wrong('has a cluster without a name or a known state')
    // If a part were read as empty, everything in it would be new.
    if (!hasParts(parts)) throw wrong('has a cluster without its findings, or with another form of them')
    return { name: printable(name), state: known, findings: readFindings(parts, document.acrNopass === VERSION) }
  })
  if (new Set(clusters.map(({ name }) => name)).size < clusters.length) throw wrong('has two clusters with one name')
  return { checkedAt: printable(document.checkedAt), clusters }
}

/** True if all lists that are compared are there, with the texts that are compared. */
function hasParts({ findings, unread, ahead }: JsonObject): boolean {
  const isListOf = (list: unknown, keys: readonly string[]): boolean =>
    Array.isArray(list) && list.every((one) => isRecord(one) && keys.every((key) => typeof one[key] === 'string'))
  return isListOf(findings, ['id', 'subject']) && isListOf(unread, ['what']) && isListOf(ahead, ['id'])
}

function readFindings({ findings, unread, ahead }: JsonObject, isOfThisVersion: boolean): readonly EarlierFinding[] {
  const read = recordsOf(findings).map(({ id, subject, severity, objects }): EarlierFinding => {
    return {
      id: printable(textOf(id)),
      text: textOfFinding({ id, subject }),
      severity: SEVERITIES.find((one) => one === severity),
      objects: readObjects(objects, isOfThisVersion),
    }
  })
  return [...read, ...readParts({ unread, ahead })]
}

function readObjects(objects: unknown, isOfThisVersion: boolean): readonly string[] | undefined {
  // This version leaves out the key only if there are no objects.
  if (objects === undefined) return isOfThisVersion ? [] : undefined
  const isList = Array.isArray(objects) && objects.every((one) => typeof one === 'string')
  return isList ? objects.map(printable) : undefined
}

const SEVERITIES = Object.keys(SEVERITY_RANK) as readonly Severity[]

/** Returns the findings of a check, with what could not be read, and what will change. */
function describeFindings({ findings, unread, ahead }: ClusterCheck): readonly PresentFinding[] {
  const own = findings.map(({ id, subject, severity, objects = [] }): PresentFinding => {
    return { id, text: textOfFinding({ id, subject }), severity, objects: objects.map(printable) }
  })
  return [...own, ...readParts({ unread, ahead })]
}

/** Returns what could not be read, and what will change, which have no severity of their own. */
function readParts({ unread, ahead }: JsonObject): readonly PresentFinding[] {
  const texts = [
    ...recordsOf(unread).map(({ what }) => `not read: ${textOf(what)}`),
    ...recordsOf(ahead).map(({ id }) => `ahead: ${textOf(id)}`),
  ]
  return texts.map(printable).map((text) => ({ id: text, text, severity: 'info', objects: [] }))
}

function textOfFinding({ id, subject }: JsonObject): string {
  return printable(`${textOf(id)} ${textOf(subject)}`)
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
