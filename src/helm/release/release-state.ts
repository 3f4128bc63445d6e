import { NopassError } from '../../errors.ts'
import { shell } from '../../lib/shell-command.ts'
import type { ReleaseTarget, StepMark } from '../helm-flags.ts'

/** Every status of a revision in Helm 3 and 4. */
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
  /** RFC 3339 time, in helm's format. */
  readonly updated: string
  readonly status: ReleaseStatus
  /** The labels of helm's record. Undefined if no step created the revision. */
  readonly step?: StepMark | undefined
}

export function isPending(revision: Revision | undefined): boolean {
  return revision?.status.startsWith('pending-') ?? false
}

/**
 * Finds the revision that a step created; undefined if there is none, or it is not known. Helm
 * copies a revision's labels to later revisions, also of other deployers, so only the first
 * revision with the step's ID belongs to the step. Helm also prunes old records, so the first
 * remaining revision may be a copy. It counts only if all revisions since the step began are
 * present.
 * @param step `before`: the newest revision when the step began
 */
export function revisionOfStep(
  history: readonly Revision[],
  { id, before }: { readonly id: string; readonly before: number | null },
): Revision | undefined {
  const since = history.filter(({ revision }) => revision > (before ?? 0))
  const index = since.findIndex(({ step }) => step?.id === id)
  const found = since[index]
  return found?.revision === (before ?? 0) + index + 1 ? found : undefined
}

/**
 * Finds the newest revision that worked, below `below` if given. A rollback restores this revision.
 * A deployed revision takes precedence, because Helm also calls a failed revision superseded if a
 * rollback from it fails (https://github.com/helm/helm/blob/v3.22.0/pkg/action/rollback.go).
 * Revisions that were uninstalled, with their history kept, do not count.
 */
export function lastGoodRevision(
  history: readonly Revision[],
  below: number = Number.POSITIVE_INFINITY,
): Revision | undefined {
  const older = history.filter(({ revision }) => revision < below)
  const since = older.slice(older.findLastIndex(({ status }) => status === 'uninstalled') + 1)
  return (
    since.findLast(({ status }) => status === 'deployed') ?? since.findLast(({ status }) => status === 'superseded')
  )
}

/**
 * Finds the revision that replaces a pending revision: the newest revision that worked, else the
 * newest that failed. A failed installation may only have needed more time, and may work now.
 * Undefined if there was no revision before.
 */
export function revisionToRestore(history: readonly Revision[], below: number): Revision | undefined {
  const older = history.filter(({ revision }) => revision < below)
  const since = older.slice(older.findLastIndex(({ status }) => status === 'uninstalled') + 1)
  return lastGoodRevision(history, below) ?? since.findLast(({ status }) => status === 'failed')
}

/**
 * True if undoing the pending revision would be wrong, because it replaces a revision that has no
 * record any more. Helm calls only the first revision, and a revision after an uninstall, a pending
 * installation (https://github.com/helm/helm/blob/v3.22.0/pkg/action/install.go).
 */
export function hasLostRecords(history: readonly Revision[]): boolean {
  const last = history.at(-1)
  if (last === undefined || !isPending(last) || last.status === 'pending-install') return false
  return revisionToRestore(history, last.revision) === undefined
}

/**
 * Returns the deployed revision below a newest revision that failed. Undefined if the newest
 * revision did not fail.
 */
export function revisionUnderFailed(history: readonly Revision[]): Revision | undefined {
  return history.at(-1)?.status === 'failed' ? history.findLast(({ status }) => status === 'deployed') : undefined
}

/**
 * Explains a release that an interrupted run left pending or half uninstalled, with the exact
 * command that repairs it.
 * @param hooks the hooks of the pending rollback, one of which may have failed
 * @param recoverable whether the hint may offer `recover-pending`, with the time from which it
 *   takes effect
 */
export function explainPending(
  target: ReleaseTarget,
  history: readonly Revision[],
  recoverable = true,
  hooks: readonly string[] = [],
): NopassError {
  const last = history.at(-1)
  const good = last && revisionToRestore(history, last.revision)
  // Helm upgrades no release that an uninstall left half-way. Such a release can only be
  // uninstalled again.
  const command =
    good === undefined || last?.status === 'uninstalling'
      ? shell`helm uninstall ${target.release} --namespace ${target.namespace}`
      : shell`helm rollback ${target.release} ${good.revision} --namespace ${target.namespace}`
  const isLost = hasLostRecords(history)
  const repair = isLost
    ? 'no record shows what it was to replace, so uninstall it only if no Pod pulls with its credentials'
    : command === undefined
      ? 'roll it back'
      : `\`${command}\``
  const what = `release ${target.namespace}/${target.release} is ${last?.status} at revision ${last?.revision} since ${last?.updated}`
  const from = last && new Date(abandonedAt(last, history)).toISOString()
  const recover = recoverable && !isLost ? `; or set \`recover-pending: true\`, which takes effect from ${from}` : ''
  // Helm leaves a rollback pending if one of its hooks cannot be created or fails.
  const hook =
    hooks.length === 0
      ? ''
      : ` The rollback runs ${hooks.join(', ')}: if that is what failed, correct it, or add \`--no-hooks\` to the command.`
  return new NopassError('HELM_PENDING', what, {
    hint: `If no other run is working on it: ${repair}, then run again${recover}.${hook}`,
  })
}

/** After a helm has waited its whole timeout, it still has to write the status (milliseconds). */
const MARGIN_MS = 300_000
/**
 * If another deployer started helm, its timeout is unknown. A job of a GitHub-hosted runner ends
 * after six hours (milliseconds).
 */
const LONGEST_JOB_MS = 6 * 3_600_000

/**
 * Returns the time from which on the deployer of a pending revision cannot be alive (epoch
 * milliseconds). This is the timeout that the step recorded, or six hours for another deployer,
 * plus five minutes.
 */
export function abandonedAt(last: Revision, history: readonly Revision[]): number {
  const { step, updated } = last
  // An upgrade copies the label of the revision before it. A rollback copies the label of any
  // revision.
  const previous = history.find(({ revision }) => revision === last.revision - 1)
  const isCopy = last.revision > 1 && (previous === undefined || previous.step?.id === step?.id)
  const isStepsOwn = step !== undefined && !isCopy && last.status !== 'pending-rollback'
  return Date.parse(updated) + (isStepsOwn ? step.timeoutSeconds * 1000 : LONGEST_JOB_MS) + MARGIN_MS
}

/**
 * Returns how many seconds one helm call may take, because `--timeout` limits each wait separately.
 * Helm waits once for the objects. For each hook it waits up to three times: until the former
 * object is deleted, until the hook has run, and until the hook is deleted.
 */
export function longestSeconds(timeoutSeconds: number, hooks: number): number {
  return timeoutSeconds * (1 + 3 * hooks)
}
