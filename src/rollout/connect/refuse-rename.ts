import { NopassError } from '../../errors.ts'
import type { ReleaseContent } from '../../helm/release/release-record.ts'
import { lastGoodRevision, type Revision } from '../../helm/release/release-state.ts'
import { findConfig } from '../deploy/release-parts.ts'
import type { ReleaseStore } from '../deploy/release-store.ts'

/**
 * Another full name is another ServiceAccount, which the trust policy of the role does not name, and another Lease: two helpers
 * would lead until the old Pods are gone. The last revision that worked decides, so that a failed rename can be reverted.
 * @throws NopassError `RELEASE_RENAMED`
 */
export async function refuseRename(
  store: Pick<ReleaseStore, 'content'>,
  history: readonly Revision[],
  wanted: ReleaseContent,
  signal: AbortSignal,
): Promise<void> {
  const good = lastGoodRevision(history)
  const desired = findConfig(wanted.objects)?.release.fullname
  if (good === undefined || desired === undefined) return
  const { objects } = await store.content(good.revision, signal)
  const installed = findConfig(objects)?.release.fullname
  if (installed === undefined || installed === desired) return
  const message = `the objects of this release are named ${installed}, and these values name them ${desired}`
  throw new NopassError('RELEASE_RENAMED', message)
}
