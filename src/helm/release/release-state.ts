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
  /** RFC 3339, as helm writes it. */
  readonly updated: string
  readonly status: ReleaseStatus
  /** The labels of helm's record; undefined: of no step. */
  readonly step?: StepMark | undefined
}

export function isPending(revision: Revision | undefined): boolean {
  return revision?.status.startsWith('pending-') ?? false
}

/**
 * The revision that a step created; undefined: there is none, or it is not known. Helm copies the
 * labels of a revision to later ones, also to those of other deployers, so only the first one with
 * the id is the step's own; and helm prunes old records, so what is first may be a copy, unless all
 * revisions since the step began are there.
 * @param step `before`: the newest revision when it began
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
 * The newest revision that worked, below `below` when given: what a rollback goes back to. One that
 * is deployed goes first: Helm also calls a failed revision superseded when a rollback from it
 * fails (https://github.com/helm/helm/blob/v3.22.0/pkg/action/rollback.go). What was uninstalled,
 * with its history kept, is nobody's good one.
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
 * What a pending revision goes back to: the newest one that worked, else the newest one that
 * failed, because a release whose installation was not ready in time may serve all the same.
 * Undefined: nothing was there before.
 */
export function revisionToRestore(history: readonly Revision[], below: number): Revision | undefined {
  const older = history.filter(({ revision }) => revision < below)
  const since = older.slice(older.findLastIndex(({ status }) => status === 'uninstalled') + 1)
  return lastGoodRevision(history, below) ?? since.findLast(({ status }) => status === 'failed')
}

/**
 * Whether undoing the pending revision cannot be right: it replaces something of which there is no
 * record. Helm calls only the first revision, and one after an uninstall, a pending installation
 * (https://github.com/helm/helm/blob/v3.22.0/pkg/action/install.go).
 */
export function hasLostRecords(history: readonly Revision[]): boolean {
  const last = history.at(-1)
  if (last === undefined || !isPending(last) || last.status === 'pending-install') return false
  return revisionToRestore(history, last.revision) === undefined
}

/** What is deployed under a newest revision that failed; undefined where the newest one did not. */
export function revisionUnderFailed(history: readonly Revision[]): Revision | undefined {
  return history.at(-1)?.status === 'failed' ? history.findLast(({ status }) => status === 'deployed') : undefined
}

/**
 * The error of a release that an interrupted run left pending or half uninstalled, with the exact
 * command that repairs it.
 * @param hooks of the rollback that is pending, one of which may have failed
 * @param recoverable whether `recover-pending` is of use: with it, the release counts as abandoned
 * from that time on
 */
export function explainPending(
  target: ReleaseTarget,
  history: readonly Revision[],
  recoverable = true,
  hooks: readonly string[] = [],
): NopassError {
  const last = history.at(-1)
  const good = last && revisionToRestore(history, last.revision)
  // Helm upgrades no release that an uninstall left half-way: it can only be uninstalled again.
  const command =
    good === undefined || last?.status === 'uninstalling'
      ? shell`helm uninstall ${target.release} --namespace ${target.namespace}`
      : shell`helm rollback ${target.release} ${good.revision} --namespace ${target.namespace}`
  const isLost = hasLostRecords(history)
  const repair = isLost
    ? 'no record tells what it was to replace, so uninstall it only if nothing pulls by it'
    : command === undefined
      ? 'roll it back'
      : `\`${command}\``
  const what = `release ${target.namespace}/${target.release} is ${last?.status} at revision ${last?.revision} since ${last?.updated}`
  const from = last && new Date(abandonedAt(last, history)).toISOString()
  const recover = recoverable && !isLost ? `; or set \`recover-pending: true\`, which takes effect from ${from}` : ''
  // Helm leaves a rollback pending when a hook of it cannot be created or fails.
  const hook =
    hooks.length === 0
      ? ''
      : ` The rollback runs ${hooks.join(', ')}: if that is what failed, correct it, or add \`--no-hooks\` to the command.`
  return new NopassError('HELM_PENDING', what, {
    hint: `If no other run is working on it: ${repair}, then run again${recover}.${hook}`,
  })
}

/** A helm that waited its whole timeout still has to write the status. */
const MARGIN_MS = 300_000
/**
 * The timeout of a helm that is not ours is not known; a job of a GitHub-hosted runner ends after
 * six hours.
 */
const LONGEST_JOB_MS = 6 * 3_600_000

/**
 * Epoch milliseconds from which on the deployer of a pending revision cannot be alive: the timeout
 * that its own step wrote down, or six hours for what another deployer began; and five minutes.
 */
export function abandonedAt(last: Revision, history: readonly Revision[]): number {
  const { step, updated } = last
  // A copy has the label of the revision before it, or as a rollback that of any.
  const previous = history.find(({ revision }) => revision === last.revision - 1)
  const isCopy = last.revision > 1 && (previous === undefined || previous.step?.id === step?.id)
  const isStepsOwn = step !== undefined && !isCopy && last.status !== 'pending-rollback'
  return Date.parse(updated) + (isStepsOwn ? step.timeoutSeconds * 1000 : LONGEST_JOB_MS) + MARGIN_MS
}

/**
 * Seconds that one helm call may take: `--timeout` is for each wait. Helm waits for the objects
 * once, and for each hook up to three times: until the former object is deleted, until the hook has
 * run, until it is deleted.
 */
export function longestSeconds(timeoutSeconds: number, hooks: number): number {
  return timeoutSeconds * (1 + 3 * hooks)
}
