import { randomUUID } from 'node:crypto'
import { NopassError, reworded, toNopassError } from '../../errors.ts'
import {
  type ReleaseTarget,
  rollbackArguments,
  type UpgradeOptions,
  uninstallArguments,
  upgradeArguments,
} from '../../helm/helm-flags.ts'
import type { Helm } from '../../helm/obtain/find-helm.ts'
import { readHelmError } from '../../helm/read-helm-error.ts'
import type { ReleaseContent } from '../../helm/release/release-record.ts'
import {
  explainPending,
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
import type { RunFolder } from '../run-folder.ts'
import { beginHelmStep, type HelmStep } from './helm-step.ts'
import {
  isOwnRollback,
  NOTHING_RESTORED,
  overtaken,
  type RestoreDeps,
  type Restored,
  readHistoryPatiently,
  restoreOther,
  restoreOvertaken,
} from './other-deployers.ts'
import { type ReleaseStore, requireSameHistory } from './release-store.ts'

export interface DeployRequest {
  readonly cluster: string
  readonly helm: Helm
  readonly client: KubeClient
  readonly folder: RunFolder
  readonly target: ReleaseTarget
  readonly options: UpgradeOptions
  readonly parts: WatchedRelease
  /** The release that was rendered and checked. */
  readonly desired: ReleaseContent
  /** Whether rendering the chart again gives the same objects. */
  readonly exact: boolean
  readonly store: ReleaseStore
  /** Before the deploy, oldest first. */
  readonly history: readonly Revision[]
  readonly rollback: boolean
  readonly uninstallOnFailedInstall: boolean
  readonly report: (line: string) => void
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

/**
 * Rolls back a failed revision that was left in the cluster. An upgrade over it compares with the deployed revision below it
 * (`prepareUpgrade`, https://github.com/helm/helm/blob/v3.22.0/pkg/action/upgrade.go): objects that only the failed one has are
 * never deleted, and with client-side apply its fields stay too. A rollback compares with the failed one. If the rollback
 * fails, the upgrade may still succeed, except over a pending rollback, which a failed hook leaves: that one is repeated once.
 * @throws NopassError `HELM_PENDING`, `RELEASE_CHANGED`
 */
async function rollBackFailed(
  request: DeployRequest,
  deployed: Revision,
  signal: AbortSignal,
): Promise<{ readonly history: readonly Revision[]; readonly notes: readonly string[] }> {
  const { store, target, history, options } = request
  const failed = history.at(-1)
  await requireSameHistory(store, target, failed, signal)
  const before = failed?.revision ?? 0
  const good = deployed.revision
  const unwaited = { ...request, options: { ...options, wait: false } }
  const failures: UndoFailure[] = []
  for (const over of [before, before + 1]) {
    const undo = rollbackTo(unwaited, good, over)
    const failure = await runUndo(request, undo, { before: over, good }, () => failures.at(-1)?.settle())
    signal.throwIfAborted()
    if (failure === undefined) {
      await requireSameHistory(store, target, { revision: over + 1, status: 'deployed' }, signal)
      const note = `rolled back to revision ${good} first, because revision ${before} had failed`
      // A rollback over a pending one compares with what that was to apply.
      const notes = failures.map(
        ({ error }) =>
          `the first time that failed, so objects that only revision ${before} has may stay: ${error.message}`,
      )
      return { history: await readHistoryPatiently(store, signal), notes: [note, ...notes] }
    }
    failures.push(failure)
    const seen = await readHistoryPatiently(store, signal)
    const last = seen.at(-1)
    if (!isPending(last)) {
      const note = `the failed revision ${before} was not rolled back first: ${failure.error.message}`
      return { history: seen, notes: [note] }
    }
    const isOwn = failure.stderr !== undefined && isOwnRollback(last, over, failure.stderr)
    if (!isOwn) throw explainPending(target, seen)
  }
  throw pendingRollback(target, { before, good }, failures.at(-1)?.error.message)
}

/** The rollback's hook may have failed before anything was rolled back, so a person has to decide. */
function pendingRollback(
  { namespace, release }: ReleaseTarget,
  { before, good }: { readonly before: number; readonly good: number },
  message: string | undefined,
): NopassError {
  const what = `revision ${before} of ${namespace}/${release} had failed, and its rollback to revision ${good}, which this run began, failed twice and is pending`
  const command = `helm rollback ${release} ${good} --namespace ${namespace}`
  return new NopassError('HELM_PENDING', `${what}: ${message}`, {
    hint: `Correct what Helm names, then \`${command}\` (where it is a hook that is not needed: with \`--no-hooks\`), and run again.`,
  })
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
    const error = early ?? withEvidence(readHelmError(end.stderr, { command: 'upgrade' }), watch)
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
  const history = await readHistoryPatiently(store, signal)
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
  if (own === undefined || own !== last) {
    const { revision, notes } = own === undefined ? NOTHING_RESTORED : await restoreNewer(request, history, own, signal)
    failed.settle()
    if (own !== undefined) {
      return { status: 'failed', revision: revision ?? own.revision, error, notes }
    }
    const others = last !== undefined && last.revision !== before
    const note = others ? `; revision ${last.revision} (${last.status}) is not of this run and stays` : ''
    return { status: 'failed', revision: before, error, notes: [`helm made no revision${note}`] }
  }
  // Not the one of the preflight: another deployer may have completed a revision below ours.
  const good = lastGoodRevision(history, own.revision)?.revision ?? null
  const undo = undoArguments(request, good, own.revision)
  if (!undo) {
    failed.settle()
    const kept =
      good === null ? 'the failed first installation stays for you to look at' : 'not rolled back (rollback: false)'
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

/** Where the history is not readable, helm's error is reported; the journal entry stays open for the post step. */
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
    throw reworded(error, `${error.message}; it was not rolled back, because the history is not readable (${why})`)
  }
}

/** An undo that failed or was killed. Its journal entry stays open for the post step unless it is settled. */
interface UndoFailure {
  readonly error: NopassError
  /** Helm's output; undefined where it did not run. */
  readonly stderr: string | undefined
  settle(): void
}

/** Returns undefined after success. */
async function runUndo(
  { helm, folder, cluster, target, report }: DeployRequest,
  undo: Undo,
  about: { readonly before: number; readonly good: number | null },
  settlePrevious: () => void,
): Promise<UndoFailure | undefined> {
  report(undo.progress)
  const { command } = undo
  const begun = { id: randomUUID(), cluster, command, target, rollback: true, ...about }
  let step: HelmStep
  try {
    step = await beginHelmStep(helm, folder, undo.args, begun)
  } catch (cause) {
    // A full disk. The original failure is reported, and its journal entry stays open.
    return { error: toNopassError(cause), stderr: undefined, settle: () => undefined }
  }
  // From here on the post step repairs by the journal entry of the undo.
  settlePrevious()
  const { exitCode, stderr } = await step.ended
  if (exitCode !== 0) return { error: readHelmError(stderr, { command }), stderr, settle: step.settle }
  step.settle()
  return undefined
}

interface Undo {
  readonly command: 'rollback' | 'uninstall'
  readonly args: readonly string[]
  readonly progress: string
  readonly done: string
  readonly to: number | null
}

function rollbackTo({ helm, target, options }: DeployRequest, good: number, last: number): Undo {
  const { timeout, wait } = options
  const args = rollbackArguments(helm.version, target, { revision: good, timeout, wait })
  const progress = `rolling back to revision ${good}`
  return { command: 'rollback', args, progress, done: `rolled back to revision ${good}`, to: last + 1 }
}

function undoArguments(request: DeployRequest, good: number | null, own: number): Undo | undefined {
  const { helm, target, options } = request
  if (good !== null && request.rollback) return rollbackTo(request, good, own)
  if (good === null && request.uninstallOnFailedInstall) {
    const args = uninstallArguments(helm.version, target, { timeout: options.timeout, wait: false })
    const progress = 'removing the failed installation'
    return { command: 'uninstall', args, progress, done: 'the failed installation was removed', to: null }
  }
  return undefined
}

/** Helm only reports that something was not ready; the Pods and the helper's status tell why. */
function withEvidence(error: NopassError, watch: ReleaseWatch): NopassError {
  const [worst] = watch.evidence()
  if (!worst || (error.code !== 'HELM_TIMEOUT' && error.code !== 'HELM_FAILED')) return error
  const { message, hint, reason } = worst.error
  return reworded(error, `not ready in time: ${message}`, { hint, reason })
}

function interrupted({ target }: DeployRequest): NopassError {
  return new NopassError('INTERRUPTED', `interrupted while helm changed ${target.namespace}/${target.release}`)
}
