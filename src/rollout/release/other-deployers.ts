import { NopassError, toNopassError } from '../../errors.ts'
import type { Revision } from '../../helm/release/release-state.ts'
import { isSameRelease } from '../../helm/release/render-release.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { AS_DEPLOYED, dryRunRelease } from './dry-run.ts'
import { runUndo } from './helm-step.ts'
import type { OpenRelease } from './open-release.ts'

/**
 * How long helm's history may be unreadable, for example while the API server restarts
 * (milliseconds).
 */
const HISTORY_LIMIT_MS = 30_000

/**
 * Returns the objects of this revision that have another form in the cluster, because our revision
 * was applied later. Objects that could not be compared are included.
 */
async function findNotInEffect(release: OpenRelease, revision: number) {
  const { objects } = await release.content(revision)
  const runs = await dryRunRelease(release, objects, AS_DEPLOYED)
  return runs.filter(({ drift }) => drift !== 'same')
}

/**
 * Returns the revisions whose content differs from that of `good`. Other deployers made these
 * revisions.
 */
async function withoutRollbacksTo(
  { content }: OpenRelease,
  good: number,
  revisions: readonly Revision[],
): Promise<readonly Revision[]> {
  const desired = await content(good)
  const same = await Promise.all(revisions.map(async ({ revision }) => isSameRelease(await content(revision), desired)))
  return revisions.filter((_, index) => !same[index])
}

/**
 * True if a pending rollback is ours, made when `before` was the newest revision. A rollback copies
 * the labels of its target revision, so it is identified by its number and status. False if helm
 * reported that it recorded no rollback.
 */
export function isOwnRollback(last: Revision | undefined, before: number, stderr: string): boolean {
  return last?.revision === before + 1 && last.status === 'pending-rollback' && !WITHOUT_RECORD.test(stderr)
}

/**
 * Errors that helm reports before it has made the record of a rollback (`IsReachable` and `Create`
 * in pkg/action/rollback.go).
 */
const WITHOUT_RECORD =
  /already exists|Kubernetes cluster unreachable|failed to (?:create|query|get|list)\b|release has no \S+ version|release: not found/

/**
 * Reads the history after helm exited. Retries, because the API server may be down for a moment.
 */
export async function readHistoryWithRetry({ history, signal }: OpenRelease): Promise<readonly Revision[]> {
  let found: readonly Revision[] = []
  await pollUntil(HISTORY_LIMIT_MS, signal, async () => {
    found = await history()
    return true
  })
  return found
}

/**
 * Checks that the verified revision is still the release, and returns it.
 * @throws RELEASE_OVERTAKEN
 */
export async function requireNewest(release: OpenRelease, revision: number | null): Promise<Revision> {
  const last = (await readHistoryWithRetry(release)).at(-1)
  if (last?.revision === revision && last?.status === 'deployed') return last
  throw overtakenError(release, last, `while revision ${revision} was verified`)
}

export function overtakenError({ target }: OpenRelease, last: Revision | undefined, when: string): NopassError {
  const name = `${target.namespace}/${target.release}`
  const what = last === undefined ? `uninstalled ${name}` : `made revision ${last.revision} (${last.status}) of ${name}`
  return new NopassError('RELEASE_OVERTAKEN', `another deployer ${what} ${when}`)
}

export interface Restored {
  /** The revision that is deployed now, if a revision was made. */
  readonly revision?: number
  readonly notes: readonly string[]
}

export const NOTHING_RESTORED: Restored = { notes: [] }

/** Restores the newest complete revision of `others`, if our revision was applied over it. */
export async function restoreOther(
  release: OpenRelease,
  history: readonly Revision[],
  others: readonly Revision[],
  when: string,
): Promise<Restored> {
  const other = others.at(-1)
  if (other === undefined) return NOTHING_RESTORED
  const note = `another deployer made revision ${other.revision} ${when}`
  // Only the deployer of a pending or failed revision knows what it was meant to become.
  if (other.status !== 'deployed' && other.status !== 'superseded') {
    return { notes: [`${note} (${other.status}): check \`helm history\``] }
  }
  // Helm takes no lock against a rollback. So the helm that exits last is recorded as deployed,
  // whatever the cluster has.
  const deployed = history.filter(({ status }) => status === 'deployed')
  try {
    if (deployed.length === 1 && deployed[0] === other) {
      const differing = await findNotInEffect(release, other.revision)
      const [unknown] = differing
      if (unknown === undefined) return { notes: [`${note}: it stays`] }
      if (differing.every(({ drift }) => drift === 'unknown')) {
        return { notes: [`${note}; it is not known whether it is in effect for ${unknown.object}`] }
      }
    }
  } catch (error) {
    if (release.signal.aborted) throw error
    return { notes: [`${note}; acr-nopass could not check whether it is in effect: ${toNopassError(error).message}`] }
  }
  const last = history.at(-1)?.revision ?? other.revision
  const failure = await runUndo(release, { good: other.revision, over: last })
  return failure === undefined
    ? { revision: last + 1, notes: [`${note}: restored`] }
    : { notes: [`${note}, and restoring it failed: ${failure.error.message}`] }
}

/**
 * Restores a revision that another deployer made during our rollback to `good`.
 * @param last the newest revision before the rollback
 */
export async function restoreOvertaken(release: OpenRelease, last: number, good: number): Promise<Restored> {
  try {
    const history = await readHistoryWithRetry(release)
    const newer = history.filter(({ revision }) => revision > last)
    // One of these revisions is our rollback. A rollback has no label of its own, so it is
    // identified by its content.
    if (newer.length < 2) return NOTHING_RESTORED
    const others = await withoutRollbacksTo(release, good, newer)
    return await restoreOther(release, history, others, 'during the rollback')
  } catch (error) {
    if (release.signal.aborted) throw error
    return { notes: [`not checked: what other deployers did during the rollback: ${toNopassError(error).message}`] }
  }
}
