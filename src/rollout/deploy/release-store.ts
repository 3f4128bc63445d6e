import { NopassError } from '../../errors.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import type { Helm } from '../../helm/obtain/find-helm.ts'
import {
  type RecordMetadata,
  type ReleaseContent,
  readRecord,
  readRevisions,
  recordName,
  recordSelector,
} from '../../helm/release/release-record.ts'
import { type Revision, readHistory } from '../../helm/release/release-state.ts'
import { readRelease } from '../../helm/release/render-release.ts'
import { type KubeClient, METADATA_ONLY_LIST } from '../../kube/client.ts'

/** What helm has on record of one release. */
export interface ReleaseStore {
  /** Oldest first; empty when there is no such release. */
  history(signal: AbortSignal): Promise<readonly Revision[]>
  /** What a revision is made of; kept in memory only. */
  content(revision: number, signal: AbortSignal): Promise<ReleaseContent>
}

/**
 * Reads helm's records through the API: two requests instead of four helm processes, and with the labels, which say whose
 * revision it is. Where helm keeps them in a database (HELM_DRIVER=sql), helm itself is called, and it shows no labels.
 */
export function openReleaseStore(helm: Helm, client: KubeClient, target: ReleaseTarget): ReleaseStore {
  const kind = recordKind(helm)
  if (kind === undefined) {
    return { history: () => readHistory(helm, target), content: () => readRelease(helm, target) }
  }
  const path = `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/${kind}`
  return {
    async history(signal) {
      const query = { labelSelector: recordSelector(target.release) }
      // An empty list of metadata has `items: null`.
      const list = await client.request<{ items: readonly { metadata: RecordMetadata }[] | null }>(
        { method: 'GET', path, query, accept: METADATA_ONLY_LIST },
        signal,
      )
      return readRevisions((list.items ?? []).map(({ metadata }) => metadata))
    },
    async content(revision, signal) {
      const name = recordName(target.release, revision)
      const { data } = await client.request<{ data?: { release?: string } }>(
        { method: 'GET', path: `${path}/${encodeURIComponent(name)}` },
        signal,
      )
      const record = data?.release ?? ''
      return readRecord(kind === 'secrets' ? Buffer.from(record, 'base64').toString('latin1') : record)
    },
  }
}

function recordKind({ environment }: Helm): 'secrets' | 'configmaps' | undefined {
  const driver = (environment.HELM_DRIVER ?? '').toLowerCase()
  if (['', 'secret', 'secrets'].includes(driver)) return 'secrets'
  return driver === 'configmap' || driver === 'configmaps' ? 'configmaps' : undefined
}

/**
 * What was planned and checked is for the release as it was then.
 * @param was the newest revision at that time
 * @throws NopassError `RELEASE_CHANGED` when another deployer has been at work since
 */
export async function requireSameHistory(
  store: ReleaseStore,
  { namespace, release }: ReleaseTarget,
  was: Pick<Revision, 'revision' | 'status'> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const is = (await store.history(signal)).at(-1)
  if (was?.revision === is?.revision && was?.status === is?.status) return
  const say = (last: typeof was): string =>
    last === undefined ? 'absent' : `at revision ${last.revision} (${last.status})`
  throw new NopassError('RELEASE_CHANGED', `release ${namespace}/${release} was ${say(was)} and is now ${say(is)}`)
}
