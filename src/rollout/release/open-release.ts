import { NopassError } from '../../errors.ts'
import type { Helm } from '../../helm/find-helm.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import {
  type InstalledRelease,
  type ReleaseContent,
  readRecord,
  readRevisions,
  recordName,
  recordSelector,
} from '../../helm/release/release-record.ts'
import { lastGoodRevision, type Revision } from '../../helm/release/release-state.ts'
import { get, type KubeCaller, METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { KubeList, KubeObject } from '../../kube/types.ts'
import type { RunFolder } from '../run-folder.ts'
import { findConfig } from './release-parts.ts'

interface ReleaseAccess extends KubeCaller {
  /** The cluster's name. */
  readonly cluster: string
  readonly helm: Helm
  readonly folder: RunFolder
  readonly target: ReleaseTarget
  /** Helm's `--timeout`. */
  readonly timeout: string
  readonly report: (line: string) => void
  /**
   * True in the post step. Nothing runs after it that would read the journal, and the disk may be
   * full.
   */
  readonly withoutJournal?: boolean
}

/** One release: helm's records of it, and everything that a helm call needs to change it. */
export type OpenRelease = ReturnType<typeof openRelease>

/**
 * Opens a release. Helm's records are read through the API, because `helm history` does not show
 * the labels that identify the run.
 */
export function openRelease(access: ReleaseAccess) {
  const { helm, target } = access
  return { ...access, ...openRecords(access, target, recordKind(helm.environment)) }
}

/** Opens helm's records of a release. Nothing of it writes. */
export function openRecords(
  access: KubeCaller,
  target: Pick<ReleaseTarget, 'namespace' | 'release'>,
  kind: ReturnType<typeof recordKind>,
) {
  const path = `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/${kind}`
  return {
    /** Returns the revisions, oldest first. Empty if the release does not exist. */
    async history(): Promise<readonly Revision[]> {
      const call = { query: { labelSelector: recordSelector(target.release) }, accept: METADATA_ONLY_LIST }
      const { items } = await get<KubeList<KubeObject>>(access, path, call)
      return readRevisions((items ?? []).map(({ metadata }) => metadata))
    },
    /**
     * Returns the chart, values and objects of a revision. They are kept only in memory, because
     * values may hold secrets.
     */
    async content(revision: number): Promise<InstalledRelease> {
      const name = recordName(target.release, revision)
      const { data } = await get<{ readonly data?: { readonly release?: string } }>(
        access,
        `${path}/${encodeURIComponent(name)}`,
      )
      const record = data?.release ?? ''
      return readRecord(kind === 'secrets' ? Buffer.from(record, 'base64').toString('latin1') : record)
    },
  }
}

/**
 * Returns the kind of object in which helm keeps its records.
 * @throws HELM_DRIVER for the memory driver, and for a database, because its labels cannot be read
 *   through the API
 */
export function recordKind(environment: NodeJS.ProcessEnv): 'secrets' | 'configmaps' {
  const driver = environment.HELM_DRIVER ?? ''
  if (['', 'secret', 'secrets'].includes(driver)) return 'secrets'
  if (driver === 'configmap' || driver === 'configmaps') return 'configmaps'
  const why = 'acr-nopass reads there which run made a revision, but reads only Secrets and ConfigMaps'
  throw new NopassError('HELM_DRIVER', `HELM_DRIVER=${driver} says where Helm keeps its records: ${why}`)
}

/**
 * Checks that the release has not changed since it was planned and checked.
 * @param was the newest revision at that time
 * @throws RELEASE_CHANGED if another deployer has changed the release since
 */
export async function requireSameHistory(
  { history, target }: Pick<OpenRelease, 'history' | 'target'>,
  was: Pick<Revision, 'revision' | 'status'> | undefined,
): Promise<void> {
  const is = (await history()).at(-1)
  if (was?.revision === is?.revision && was?.status === is?.status) return
  const describe = (last: typeof was): string =>
    last === undefined ? 'absent' : `at revision ${last.revision} (${last.status})`
  throw new NopassError(
    'RELEASE_CHANGED',
    `release ${target.namespace}/${target.release} was ${describe(was)} and is now ${describe(is)}`,
  )
}

/**
 * Refuses another full name. It would mean another ServiceAccount, which the trust policy of the
 * role does not name. It would also mean another Lease, so two helpers would lead until the old
 * Pods are gone. The comparison is with the last revision that worked, so that a failed rename can
 * be reverted.
 * @throws RELEASE_RENAMED
 */
export async function refuseRename(
  { content }: Pick<OpenRelease, 'content'>,
  history: readonly Revision[],
  desired: ReleaseContent,
): Promise<void> {
  const good = lastGoodRevision(history)
  const name = findConfig(desired.objects)?.release.fullname
  if (good === undefined || name === undefined) return
  const { objects } = await content(good.revision)
  const installed = findConfig(objects)?.release.fullname
  if (installed === undefined || installed === name) return
  const message = `the objects of this release are named ${installed}, and these values name them ${name}`
  throw new NopassError('RELEASE_RENAMED', message)
}
