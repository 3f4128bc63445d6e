import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { NopassError } from '../../errors.ts'
import { isWithin, readRegular, realPath } from '../../lib/files.ts'
import { isRecord, type JsonObject, parseObject, recordsOf, textOf } from '../../lib/json.ts'
import { printable } from '../../printable.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import { type ClusterState, STATES } from '../finding.ts'
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
}

/** The part of an earlier check that is compared. */
export interface EarlierCheck {
  readonly checkedAt: string
  readonly clusters: readonly EarlierCluster[]
}

interface EarlierCluster {
  readonly name: string
  readonly state: ClusterState
  /** Findings, what could not be read, and what will change, each as one text. */
  readonly keys: readonly string[]
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
  if (!existsSync(file)) return undefined
  const real = realPath(file)
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
  const clusters = document.clusters.map(readCluster)
  if (!clusters.every((one) => one !== undefined)) throw wrong('has a cluster without a name or a known state')
  return { checkedAt: printable(textOf(document.checkedAt)), clusters }
}

function readCluster(value: unknown): EarlierCluster | undefined {
  if (!isRecord(value)) return undefined
  const { name, state } = value
  const known = STATES.find((one) => one === state)
  return typeof name === 'string' && known !== undefined
    ? { name: printable(name), state: known, keys: keysOf(value) }
    : undefined
}

/** Compares two checks. A cluster that did not change is left out. */
export function changesSince(before: EarlierCheck | undefined, now: readonly ClusterCheck[]): Change {
  const old = new Map((before?.clusters ?? []).map((one) => [one.name, one]))
  const present = now.map((check) => describeChange(old.get(check.name), check))
  const names = new Set(now.map(({ name }) => name))
  const absent = [...old.values()]
    .filter(({ name }) => !names.has(name))
    .map(({ name, state, keys }): ClusterChange => ({ name, from: state, to: null, found: [], gone: keys }))
  const clusters = [...present, ...absent].filter((one) => isChange(one))
  return { checkedAt: before?.checkedAt ?? null, clusters }
}

function describeChange(before: EarlierCluster | undefined, check: ClusterCheck): ClusterChange {
  const [old, keys] = [before?.keys ?? [], keysOf(check as unknown as JsonObject)]
  return {
    name: check.name,
    from: before?.state ?? null,
    to: check.state,
    found: keys.filter((key) => !old.includes(key)),
    gone: old.filter((key) => !keys.includes(key)),
  }
}

const isChange = ({ from, to, found, gone }: ClusterChange): boolean => from !== to || found.length + gone.length > 0

/** Messages hold times and numbers that change with every check, so only ids and subjects count. */
function keysOf({ findings, unread, ahead }: JsonObject): readonly string[] {
  const keys = [
    ...recordsOf(findings).map(({ id, subject }) => `${textOf(id)} ${textOf(subject)}`),
    ...recordsOf(unread).map(({ what }) => `not read: ${textOf(what)}`),
    ...recordsOf(ahead).map(({ id }) => `ahead: ${textOf(id)}`),
  ]
  return [...new Set(keys.map(printable))]
}
