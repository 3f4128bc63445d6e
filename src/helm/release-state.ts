import { NopassError } from '../errors.ts'
import type { Helm } from './find-helm.ts'
import { historyArguments, metadataArguments, type ReleaseTarget } from './helm-flags.ts'
import { readHelmError } from './read-helm-error.ts'
import { runProgram } from './run-helm.ts'

/** Every status that Helm 3 and 4 give a revision. */
export type ReleaseStatus =
  | 'unknown'
  | 'deployed'
  | 'uninstalled'
  | 'superseded'
  | 'failed'
  | 'uninstalling'
  | 'pending-install'
  | 'pending-upgrade'
  | 'pending-rollback'

export interface Revision {
  readonly revision: number
  /** RFC 3339, as helm writes it. */
  readonly updated: string
  readonly status: ReleaseStatus
}

/** The revisions, oldest first; empty when there is no such release. */
export async function readHistory(helm: Helm, target: ReleaseTarget): Promise<readonly Revision[]> {
  const output = await runProgram(helm.path, historyArguments(target), helm.environment)
  if (output.exitCode !== 0) {
    if (/release: not found/.test(output.stderr)) return []
    throw readHelmError(output.stderr, { command: 'history' })
  }
  return parseHistory(output.stdout)
}

/** Reads `helm history -o json` of both majors. */
export function parseHistory(text: string): readonly Revision[] {
  const rows: readonly Readonly<Record<string, unknown>>[] = JSON.parse(text)
  return rows
    .map((row) => ({
      revision: Number(row.revision),
      updated: String(row.updated),
      status: String(row.status) as ReleaseStatus,
    }))
    .toSorted((a, b) => a.revision - b.revision)
}

export interface ReleaseMetadata {
  readonly name: string
  readonly chart: string
  readonly version: string
  readonly appVersion: string
  readonly revision: number
  readonly status: string
}

/** `helm get metadata`: the only description of a release without values and manifest in it. */
export async function readMetadata(helm: Helm, target: ReleaseTarget): Promise<ReleaseMetadata> {
  const output = await runProgram(helm.path, metadataArguments(target), helm.environment)
  if (output.exitCode !== 0) throw readHelmError(output.stderr, { command: 'get metadata' })
  const { name, chart, version, appVersion, revision, status } = JSON.parse(output.stdout)
  return { name, chart, version, appVersion, revision, status }
}

export function isPending(revision: Revision | undefined): boolean {
  return revision?.status.startsWith('pending-') ?? false
}

/** The newest revision that worked, below `below` when given: what a rollback goes back to. */
export function lastGoodRevision(
  history: readonly Revision[],
  below: number = Number.POSITIVE_INFINITY,
): Revision | undefined {
  return history.findLast(
    ({ revision, status }) => revision < below && (status === 'deployed' || status === 'superseded'),
  )
}

/** The error of a release that an ended run left pending, with the exact command that mends it. */
export function explainPending(target: ReleaseTarget, history: readonly Revision[]): NopassError {
  const last = history.at(-1)
  const good = lastGoodRevision(history, last?.revision)
  const command =
    good === undefined
      ? `helm uninstall ${target.release} --namespace ${target.namespace}`
      : `helm rollback ${target.release} ${good.revision} --namespace ${target.namespace}`
  const what = `release ${target.namespace}/${target.release} is ${last?.status} at revision ${last?.revision} since ${last?.updated}`
  return new NopassError('HELM_PENDING', what, {
    hint: `If no other run is at work on it: \`${command}\`, then run again; or set \`recover-pending: true\`.`,
  })
}

/**
 * Whether a pending release may be taken for abandoned: older than the timeout of the run that began it plus five
 * minutes (a working run would have ended by then).
 */
export function isAbandoned(last: Revision, timeoutSeconds: number, now: number): boolean {
  return now - Date.parse(last.updated) > (timeoutSeconds + 300) * 1000
}
