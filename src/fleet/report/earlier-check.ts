import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { SEVERITY_RANK, type Severity } from '../../doctor/finding.ts'
import { NopassError } from '../../errors.ts'
import { isWithin, readRegular, realPath } from '../../lib/files.ts'
import { isRecord, type JsonObject, parseObject, recordsOf, textOf } from '../../lib/json.ts'
import { printable } from '../../printable.ts'
import { VERSION } from '../../version.ts'
import { type ClusterState, STATES } from '../finding.ts'
import type { EarlierFinding } from './compare-findings.ts'
import { describeParts, textOfFinding } from './finding-texts.ts'
import { RESULTS_VERSION } from './results-version.ts'

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

const SEVERITIES = Object.keys(SEVERITY_RANK) as readonly Severity[]

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
  return [...read, ...describeParts({ unread, ahead })]
}

function readObjects(objects: unknown, isOfThisVersion: boolean): readonly string[] | undefined {
  // This version leaves out the key only if there are no objects.
  if (objects === undefined) return isOfThisVersion ? [] : undefined
  const isList = Array.isArray(objects) && objects.every((one) => typeof one === 'string')
  return isList ? objects.map(printable) : undefined
}
