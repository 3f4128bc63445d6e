import { randomUUID } from 'node:crypto'
import { NopassError, reworded, toNopassError } from '../../errors.ts'
import { type UpgradeOptions, upgradeArguments } from '../../helm/helm-flags.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import type { ReleaseContent } from '../../helm/release/release-record.ts'
import {
  isPending,
  lastGoodRevision,
  longestSeconds,
  type Revision,
  revisionOfStep,
  revisionToRestore,
  revisionUnderFailed,
} from '../../helm/release/release-state.ts'
import { hasSameObjects } from '../../helm/release/render-release.ts'
import {
  type ReleaseWatch,
  readEarlierState,
  type WatchedRelease,
  watchRelease,
} from '../../installation/release-watch.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import { beginHelmStep, runUndo } from '../release/helm-step.ts'
import { type OpenRelease, requireSameHistory } from '../release/open-release.ts'
import {
  NOTHING_RESTORED,
  overtakenError,
  type Restored,
  readHistoryWithRetry,
  restoreOther,
  restoreOvertaken,
} from '../release/other-deployers.ts'
import { rollBackFailed } from './roll-back-failed.ts'

export interface DeployRequest {
  readonly options: UpgradeOptions
  /** The revisions before the deploy, oldest first. */
  readonly history: readonly Revision[]
  readonly parts: WatchedRelease
  /** The release that was rendered and checked. */
  readonly desired: ReleaseContent
  /** True if rendering the chart again gives the same objects. */
  readonly exact: boolean
  /** Inputs of the action. */
  readonly rollback: boolean
  readonly uninstallOnFailedInstall: boolean
  /** How long to wait for another deployer's running helm (milliseconds). */
  readonly otherMs?: number
}

/**
 * A rollback without `--wait` ends in seconds. A rollback with `--wait` reads the records again
 * after it has waited.
 */
const OTHER_LIMIT_MS = 30_000

export interface DeployOutcome {
  readonly status: 'deployed' | 'rolled-back' | 'failed' | 'cancelled'
  readonly revision: number | null
  readonly error?: NopassError
  readonly notes: readonly string[]
}

/** Runs `helm upgrade --install`. A failed newest revision is rolled back first. */
export async function deployRelease(release: OpenRelease, request: DeployRequest): Promise<DeployOutcome> {
  const deployed = revisionUnderFailed(request.history)
  if (deployed === undefined) return upgradeRelease(release, request)
  const { history, notes } = await rollBackFailed(release, request.history, deployed)
  const outcome = await upgradeRelease(release, { ...request, history })
  return { ...outcome, notes: [...notes, ...outcome.notes] }
}

/**
 * Runs the upgrade and watches the release meanwhile. Interrupts helm if waiting is useless, and
 * rolls back after a failure.
 */
async function upgradeRelease(release: OpenRelease, request: DeployRequest): Promise<DeployOutcome> {
  const { helm, target, timeout, signal } = release
  const { options, history, parts, desired, rollback } = request
  const id = randomUUID()
  const timeoutSeconds = longestSeconds(parseGoDuration(timeout, 'timeout'), desired.hooks.length)
  const args = upgradeArguments(helm.version, target, { ...options, step: { id, timeoutSeconds } })
  const earlier = await readEarlierState(release, parts)
  await requireSameHistory(release, history.at(-1))
  const before = history.at(-1)?.revision ?? null
  const good = lastGoodRevision(history)?.revision ?? null
  const step = await beginHelmStep(release, args, { id, command: 'upgrade', before, good, rollback })
  const watch = watchRelease(release, parts, earlier)
  const onAbort = (): void => step.interrupt()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) step.interrupt()
    const early = await Promise.race([step.ended.then(() => undefined), watch.permanent])
    if (early) {
      release.report(`stopping early: ${early.code}`)
      step.interrupt()
    }
    const end = await step.ended
    if (end.exitCode === 0) {
      const outcome = await confirmRevision(release, request, id, before)
      step.settle()
      return outcome
    }
    // The post step (or the end of the command) repairs the release, because it has time to do so.
    if (signal.aborted) {
      const message = `interrupted while helm was changing ${target.namespace}/${target.release}`
      return { status: 'cancelled', revision: before, error: new NopassError('INTERRUPTED', message), notes: [] }
    }
    const error = early ?? (await withEvidence(readHelmError(end.stderr, 'upgrade'), watch))
    return await rollBack(release, request, { id, before, error, settle: step.settle })
  } finally {
    signal.removeEventListener('abort', onAbort)
    watch.stop()
  }
}

/**
 * Helm's success means that its revision was applied. Only the history shows whether this revision
 * is still the release.
 */
async function confirmRevision(
  release: OpenRelease,
  request: DeployRequest,
  id: string,
  before: number | null,
): Promise<DeployOutcome> {
  const { target } = release
  const history = await readHistoryWithRetry(release)
  const own = revisionOfStep(history, { id, before })
  const last = history.at(-1)
  if (own === undefined || own !== last || own.status !== 'deployed') {
    const error = overtakenError(
      release,
      last,
      `while this run deployed revision ${own?.revision ?? (before ?? 0) + 1}`,
    )
    const { revision, notes } =
      own === undefined ? NOTHING_RESTORED : await restoreNewer(release, request, history, own)
    return { status: 'failed', revision: revision ?? last?.revision ?? null, error, notes }
  }
  const { revision } = own
  if (request.exact && !hasSameObjects((await release.content(revision)).objects, request.desired.objects)) {
    const message = `revision ${revision} of ${target.namespace}/${target.release} is not what this run had prepared`
    const hint = 'The chart changed between the check and the deploy: use a version that never changes, and run again.'
    return { status: 'failed', revision, error: new NopassError('HELM_CHART', message, { hint }), notes: [] }
  }
  return { status: 'deployed', revision, notes: [] }
}

/**
 * Restores the newest revision that another deployer completed after our revision, if our revision
 * was applied over it.
 */
async function restoreNewer(
  release: OpenRelease,
  { otherMs = OTHER_LIMIT_MS }: DeployRequest,
  history: readonly Revision[],
  own: Revision,
): Promise<Restored> {
  let newest = history
  // Two revisions can be recorded as deployed only after the other deployer's helm has exited.
  if (isPending(newest.at(-1))) {
    await pollUntil(otherMs, release.signal, async () => {
      newest = await release.history()
      return !isPending(newest.at(-1))
    })
  }
  const others = newest.filter(({ revision }) => revision > own.revision)
  return restoreOther(release, newest, others, 'while helm was running')
}

interface Failed {
  readonly id: string
  readonly before: number | null
  readonly error: NopassError
  readonly settle: () => void
}

/** Rolls back the revision of this step, but only while it is the newest revision. */
async function rollBack(release: OpenRelease, request: DeployRequest, failed: Failed): Promise<DeployOutcome> {
  const { before, error } = failed
  const history = await readHistoryAfter(release, error)
  const own = revisionOfStep(history, failed)
  const last = history.at(-1)
  if (own === undefined) {
    failed.settle()
    return { status: 'failed', revision: before, error, notes: [describeNoOwn(history, failed)] }
  }
  const over = own.revision
  if (own === last && own.status !== 'failed' && !isPending(own)) {
    failed.settle()
    return {
      status: 'failed',
      revision: over,
      error,
      notes: [`helm recorded revision ${over} as ${own.status}: it is kept`],
    }
  }
  if (own !== last) {
    const { revision, notes } = await restoreNewer(release, request, history, own)
    failed.settle()
    return { status: 'failed', revision: revision ?? over, error, notes }
  }
  // The revision that the preflight found is not used, because another deployer may have completed
  // a revision below ours.
  const good = (isPending(own) ? revisionToRestore : lastGoodRevision)(history, over)?.revision ?? null
  const isFirst = revisionToRestore([...request.history, ...history], over) === undefined
  if (good === null ? !isFirst || !request.uninstallOnFailedInstall : !request.rollback) {
    failed.settle()
    const notes = [good !== null ? 'not rolled back (rollback: false)' : isFirst ? FIRST_KEPT : NONE_DEPLOYED]
    return { status: 'failed', revision: over, error, notes }
  }
  const undone = await runUndo(release, { good, over, wait: request.options.wait }, failed.settle)
  // A rollback may have overwritten revisions that another deployer completed, even if it failed.
  const restored = good === null ? NOTHING_RESTORED : await restoreOvertaken(release, over, good)
  if (undone !== undefined) {
    const command = good === null ? 'uninstall' : 'rollback'
    const notes = [`${command} failed too: ${undone.error.message}`, ...restored.notes]
    return { status: 'failed', revision: restored.revision ?? over, error, notes }
  }
  if (good === null) {
    return { status: 'failed', revision: null, error, notes: ['the failed installation was removed'] }
  }
  const notes = [`rolled back to revision ${good}`, ...restored.notes]
  return { status: 'rolled-back', revision: restored.revision ?? over + 1, error, notes }
}

const FIRST_KEPT = 'the failed first installation is kept for you to inspect'
const NONE_DEPLOYED = 'no earlier revision was deployed, and the release is kept, because it may work'

/** Explains that nothing is rolled back, because the revision of the step is not known. */
function describeNoOwn(history: readonly Revision[], { id, before }: Failed): string {
  const last = history.at(-1)
  const isPruned = history.some(({ step }) => step?.id === id)
  const what = isPruned ? "helm's record of this run's revision was removed" : 'helm made no revision'
  if (last === undefined || last.revision === before) return what
  const whose = isPruned ? 'may belong to another deployer' : 'does not belong to this run'
  return `${what}; revision ${last.revision} (${last.status}) ${whose} and is kept`
}

/**
 * If the history cannot be read, helm's error is reported. The journal entry stays open for the
 * post step.
 */
async function readHistoryAfter({ history, signal }: OpenRelease, error: NopassError): Promise<readonly Revision[]> {
  try {
    return await history()
  } catch (unread) {
    if (signal.aborted) throw unread
    const why = toNopassError(unread).message
    throw reworded(error, `${error.message}; it was not rolled back, because the history could not be read (${why})`)
  }
}

/**
 * Helm only reports that something was not ready. The Pods, the helper's status and its log show
 * why.
 */
async function withEvidence(error: NopassError, watch: ReleaseWatch): Promise<NopassError> {
  if (error.code !== 'HELM_TIMEOUT' && error.code !== 'HELM_FAILED') return error
  const worst = await watch.evidence()
  if (worst === undefined) return error
  const { message, hint, reason } = worst.error
  return reworded(error, `not ready in time: ${message}`, { hint, reason })
}
