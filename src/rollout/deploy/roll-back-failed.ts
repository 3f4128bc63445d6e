import { NopassError } from '../../errors.ts'
import { explainPending, isPending, type Revision } from '../../helm/release/release-state.ts'
import { shell } from '../../lib/shell-command.ts'
import { type HelmFailure, runUndo } from '../release/helm-step.ts'
import { type OpenRelease, requireSameHistory } from '../release/open-release.ts'
import { isOwnRollback, readHistoryWithRetry } from '../release/other-deployers.ts'

/**
 * Rolls back a failed revision that was left in the cluster. An upgrade over it would compare with
 * the deployed revision below it (`prepareUpgrade`,
 * https://github.com/helm/helm/blob/v3.22.0/pkg/action/upgrade.go). Objects that only the failed
 * revision has would never be deleted. With client-side apply, its fields would stay too. A
 * rollback compares with the failed revision. If the rollback fails, the upgrade may still succeed,
 * except over a pending rollback. A failed hook leaves such a pending rollback, and it is repeated
 * once.
 * @throws HELM_PENDING, RELEASE_CHANGED
 */
export async function rollBackFailed(
  release: OpenRelease,
  history: readonly Revision[],
  { revision: good }: Revision,
): Promise<{ readonly history: readonly Revision[]; readonly notes: readonly string[] }> {
  const failed = history.at(-1)
  await requireSameHistory(release, failed)
  const before = failed?.revision ?? 0
  const failures: HelmFailure[] = []
  for (const over of [before, before + 1]) {
    const failure = await runUndo(release, { good, over }, () => failures.at(-1)?.settle())
    release.signal.throwIfAborted()
    if (failure === undefined) {
      await requireSameHistory(release, { revision: over + 1, status: 'deployed' })
      const note = `rolled back to revision ${good} first, because revision ${before} had failed`
      // A rollback over a pending rollback compares with the revision that the pending one was to
      // apply.
      const notes = failures.map(
        ({ error }) =>
          `the first rollback failed, so objects that only revision ${before} has may stay: ${error.message}`,
      )
      return { history: await readHistoryWithRetry(release), notes: [note, ...notes] }
    }
    failures.push(failure)
    const seen = await readHistoryWithRetry(release)
    const last = seen.at(-1)
    if (!isPending(last)) {
      const note = `the failed revision ${before} was not rolled back first: ${failure.error.message}`
      return { history: seen, notes: [note] }
    }
    const isOwn = failure.stderr !== undefined && isOwnRollback(last, over, failure.stderr)
    if (!isOwn) throw explainPending(release.target, seen)
  }
  // The rollback's hook may have failed before anything was rolled back, so a person has to decide.
  const { namespace, release: name } = release.target
  const what = `revision ${before} of ${namespace}/${name} had failed, and its rollback to revision ${good}, which this run began, failed twice and is pending`
  const command = shell`helm rollback ${name} ${good} --namespace ${namespace}`
  throw new NopassError('HELM_PENDING', `${what}: ${failures.at(-1)?.error.message}`, {
    hint: `Correct what Helm names, then \`${command}\` (if a hook failed that is not needed, with \`--no-hooks\`), and run again.`,
  })
}
