import { NopassError } from '../../errors.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { explainPending, isPending, type Revision } from '../../helm/release/release-state.ts'
import { isOwnRollback, readHistoryWithRetry } from './other-deployers.ts'
import { type ReleaseStore, requireSameHistory } from './release-store.ts'
import { rollbackTo, runUndo, type UndoFailure, type UndoRequest } from './undo.ts'

/** What Helm has recorded of the release. */
export interface Deployed {
  readonly store: ReleaseStore
  /** Before the deploy, oldest first. */
  readonly history: readonly Revision[]
}

/**
 * Rolls back a failed revision that was left in the cluster. An upgrade over it compares with the deployed revision below it
 * (`prepareUpgrade`, https://github.com/helm/helm/blob/v3.22.0/pkg/action/upgrade.go): objects that only the failed one has are
 * never deleted, and with client-side apply its fields stay too. A rollback compares with the failed one. If the rollback
 * fails, the upgrade may still succeed, except over a pending rollback, which a failed hook leaves: that one is repeated once.
 * @throws HELM_PENDING, RELEASE_CHANGED
 */
export async function rollBackFailed(
  request: UndoRequest & Deployed,
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
      return { history: await readHistoryWithRetry(store, signal), notes: [note, ...notes] }
    }
    failures.push(failure)
    const seen = await readHistoryWithRetry(store, signal)
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
