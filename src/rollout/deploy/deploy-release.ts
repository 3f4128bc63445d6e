import { randomUUID } from 'node:crypto'
import { NopassError, reworded, toNopassError } from '../../errors.ts'
import { upgradeArguments } from '../../helm/helm-flags.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import type { ReleaseContent } from '../../helm/release/release-record.ts'
import {
  isPending,
  lastGoodRevision,
  longestSeconds,
  type Revision,
  revisionOfStep,
  revisionUnderFailed,
} from '../../helm/release/release-state.ts'
import { hasSameObjects } from '../../helm/release/render-release.ts'
import type { KubeClient } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { parseGoDuration } from '../../lib/go-duration.ts'
import { type ReleaseWatch, readEarlierState, type WatchedRelease, watchRelease } from '../../release/release-watch.ts'
import { beginHelmStep } from './helm-step.ts'
import {
  NOTHING_RESTORED,
  overtaken,
  type RestoreDeps,
  type Restored,
  readHistoryWithRetry,
  restoreOther,
  restoreOvertaken,
} from './other-deployers.ts'
import { requireSameHistory } from './release-store.ts'
import { type Deployed, rollBackFailed } from './roll-back-failed.ts'
import { chooseUndo, rollbackTo, runUndo, type UndoPolicy, type UndoRequest } from './undo.ts'

export interface DeployRequest extends UndoRequest, UndoPolicy, Deployed {
  readonly client: KubeClient
  readonly parts: WatchedRelease
  /** The release that was rendered and checked. */
  readonly desired: ReleaseContent
  /** Whether rendering the chart again gives the same objects. */
  readonly exact: boolean
  /** How long to wait for another deployer's running helm, milliseconds. */
  readonly otherMs?: number
}

/** A rollback without `--wait` ends in seconds; one with it reads the records again after it has waited. */
const OTHER_LIMIT_MS = 30_000

export interface DeployOutcome {
  readonly status: 'deployed' | 'rolled-back' | 'failed' | 'cancelled'
  readonly revision: number | null
  readonly error?: NopassError
  readonly notes: readonly string[]
}

/** `helm upgrade --install`; a failed newest revision is rolled back first. */
export async function deployRelease(request: DeployRequest, signal: AbortSignal): Promise<DeployOutcome> {
  const deployed = revisionUnderFailed(request.history)
  if (deployed === undefined) return upgradeRelease(request, signal)
  const { history, notes } = await rollBackFailed(request, deployed, signal)
  const outcome = await upgradeRelease({ ...request, history }, signal)
  return { ...outcome, notes: [...notes, ...outcome.notes] }
}

/** Runs the upgrade while it watches the release: interrupts it when waiting is useless, and rolls back after a failure. */
async function upgradeRelease(request: DeployRequest, signal: AbortSignal): Promise<DeployOutcome> {
  const { helm, folder, target, options } = request
  const id = randomUUID()
  const timeoutSeconds = longestSeconds(parseGoDuration(options.timeout, 'timeout'), request.desired.hooks.length)
  const args = upgradeArguments(helm.version, target, { ...options, step: { id, timeoutSeconds } })
  const earlier = await readEarlierState(request.client, request.parts, signal)
  await requireSameHistory(request.store, target, request.history.at(-1), signal)
  const before = request.history.at(-1)?.revision ?? null
  const good = lastGoodRevision(request.history)?.revision ?? null
  const step = await beginHelmStep(helm, folder, args, {
    id,
    cluster: request.cluster,
    command: 'upgrade',
    target,
    before,
    good,
    rollback: request.rollback,
  })
  const watch = watchRelease(request.client, request.parts, earlier, signal)
  const onAbort = (): void => step.interrupt()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) step.interrupt()
    const early = await Promise.race([step.ended.then(() => undefined), watch.permanent])
    if (early) {
      request.report(`stopping early: ${early.message}`)
      step.interrupt()
    }
    const end = await step.ended
    if (end.exitCode === 0) {
      const outcome = await confirm(request, id, before, signal)
      step.settle()
      return outcome
    }
    // The post step (or the end of the command) repairs what is left, because it has the time for it.
    if (signal.aborted) return { status: 'cancelled', revision: before, error: interrupted(request), notes: [] }
    const error = early ?? (await withEvidence(readHelmError(end.stderr, { command: 'upgrade' }), watch))
    return await rollBack(request, { id, before, error, settle: step.settle }, signal)
  } finally {
    signal.removeEventListener('abort', onAbort)
    watch.stop()
  }
}

/** Helm's success means that its revision was applied; only the history shows whether that is still the release. */
async function confirm(
  request: DeployRequest,
  id: string,
  before: number | null,
  signal: AbortSignal,
): Promise<DeployOutcome> {
  const { store, target, desired, exact } = request
  const history = await readHistoryWithRetry(store, signal)
  const own = revisionOfStep(history, id)
  const last = history.at(-1)
  if (own === undefined || own !== last || own.status !== 'deployed') {
    const error = overtaken(target, last, `while this run deployed revision ${own?.revision ?? (before ?? 0) + 1}`)
    const { revision, notes } = own === undefined ? NOTHING_RESTORED : await restoreNewer(request, history, own, signal)
    return { status: 'failed', revision: revision ?? last?.revision ?? null, error, notes }
  }
  if (exact && !hasSameObjects((await store.content(own.revision, signal)).objects, desired.objects)) {
    const message = `revision ${own.revision} of ${target.namespace}/${target.release} is not what this run had prepared`
    const hint = 'The chart changed between the check and the deploy: use a version that never changes, and run again.'
    return {
      status: 'failed',
      revision: own.revision,
      error: new NopassError('HELM_CHART', message, { hint }),
      notes: [],
    }
  }
  return { status: 'deployed', revision: own.revision, notes: [] }
}

/** Restores the newest revision that another deployer completed after ours, where ours was applied over it. */
async function restoreNewer(
  request: DeployRequest,
  history: readonly Revision[],
  own: Revision,
  signal: AbortSignal,
): Promise<Restored> {
  const settled = await waitForOther(request, history, signal)
  const others = settled.filter(({ revision }) => revision > own.revision)
  return restoreOther(restoreDeps(request), settled, others, 'while helm was at work', signal)
}

/** Waits for another deployer's running helm: only when it has ended can two revisions be recorded as deployed. */
async function waitForOther(
  { store, otherMs = OTHER_LIMIT_MS }: DeployRequest,
  history: readonly Revision[],
  signal: AbortSignal,
): Promise<readonly Revision[]> {
  let newest = history
  if (!isPending(newest.at(-1))) return newest
  await pollUntil(otherMs, signal, async () => {
    newest = await store.history(signal)
    return !isPending(newest.at(-1))
  })
  return newest
}

function restoreDeps(request: DeployRequest): RestoreDeps {
  const { client, store, target } = request
  return {
    client,
    store,
    target,
    rollback: async (revision, last) => {
      const about = { before: last, good: revision }
      return (await runUndo(request, rollbackTo(request, revision, last), about, () => undefined))?.error
    },
  }
}

interface Failed {
  readonly id: string
  readonly before: number | null
  readonly error: NopassError
  readonly settle: () => void
}

/** Only the revision of this step is rolled back, and only while it is the newest one. */
async function rollBack(request: DeployRequest, failed: Failed, signal: AbortSignal): Promise<DeployOutcome> {
  const { before, error } = failed
  const history = await readHistoryAfter(request, error, signal)
  const own = revisionOfStep(history, failed.id)
  const last = history.at(-1)
  if (own === undefined) {
    failed.settle()
    const others = last !== undefined && last.revision !== before
    const note = others ? `; revision ${last.revision} (${last.status}) is not of this run and is kept` : ''
    return { status: 'failed', revision: before, error, notes: [`helm made no revision${note}`] }
  }
  if (own !== last) {
    const { revision, notes } = await restoreNewer(request, history, own, signal)
    failed.settle()
    return { status: 'failed', revision: revision ?? own.revision, error, notes }
  }
  // Not the one of the preflight: another deployer may have completed a revision below ours.
  const good = lastGoodRevision(history, own.revision)?.revision ?? null
  const undo = chooseUndo(request, good, own.revision)
  if (!undo) {
    failed.settle()
    const kept =
      good === null ? 'the failed first installation is kept for you to inspect' : 'not rolled back (rollback: false)'
    return { status: 'failed', revision: own.revision, error, notes: [kept] }
  }
  const undone = await runUndo(request, undo, { before: own.revision, good }, failed.settle)
  // Even a rollback that failed was applied over revisions that another deployer completed.
  const restored =
    good === null ? NOTHING_RESTORED : await restoreOvertaken(restoreDeps(request), own.revision, good, signal)
  if (undone !== undefined) {
    const notes = [`${undo.command} failed too: ${undone.error.message}`, ...restored.notes]
    return { status: 'failed', revision: restored.revision ?? own.revision, error, notes }
  }
  if (undo.command === 'uninstall') return { status: 'failed', revision: null, error, notes: [undo.done] }
  return { status: 'rolled-back', revision: restored.revision ?? undo.to, error, notes: [undo.done, ...restored.notes] }
}

/** Where the history could not be read, helm's error is reported; the journal entry stays open for the post step. */
async function readHistoryAfter(
  { store }: DeployRequest,
  error: NopassError,
  signal: AbortSignal,
): Promise<readonly Revision[]> {
  try {
    return await store.history(signal)
  } catch (unread) {
    if (signal.aborted) throw unread
    const why = toNopassError(unread).message
    throw reworded(error, `${error.message}; it was not rolled back, because the history could not be read (${why})`)
  }
}

/** Helm only reports that something was not ready; the Pods, the helper's status and its log tell why. */
async function withEvidence(error: NopassError, watch: ReleaseWatch): Promise<NopassError> {
  if (error.code !== 'HELM_TIMEOUT' && error.code !== 'HELM_FAILED') return error
  const worst = await watch.evidence()
  if (worst === undefined) return error
  const { message, hint, reason } = worst.error
  return reworded(error, `not ready in time: ${message}`, { hint, reason })
}

function interrupted({ target }: DeployRequest): NopassError {
  return new NopassError('INTERRUPTED', `interrupted while helm was changing ${target.namespace}/${target.release}`)
}
