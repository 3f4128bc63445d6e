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
  desired: ReleaseContent,
  signal: AbortSignal,
): Promise<void> {
  const good = lastGoodRevision(history)
  const name = findConfig(desired.objects)?.release.fullname
  if (good === undefined || name === undefined) return
  const { objects } = await store.content(good.revision, signal)
  const installed = findConfig(objects)?.release.fullname
  if (installed === undefined || installed === name) return
  const message = `the objects of this release are named ${installed}, and these values name them ${name}`
  throw new NopassError('RELEASE_RENAMED', message)
}
