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
import type { Revision } from '../../helm/release/release-state.ts'
import { type KubeClient, METADATA_ONLY_LIST } from '../../kube/client.ts'

/** What helm has on record of one release. */
export interface ReleaseStore {
  /** Oldest first; empty when there is no such release. */
  history(signal: AbortSignal): Promise<readonly Revision[]>
  /** What a revision is made of; kept in memory only. */
  content(revision: number, signal: AbortSignal): Promise<ReleaseContent>
}

/** Reads helm's records through the API, with the labels, which say whose revision it is; helm itself shows none. */
export function openReleaseStore(helm: Helm, client: KubeClient, target: ReleaseTarget): ReleaseStore {
  const kind = recordKind(helm.environment)
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

/**
 * Where helm keeps its records, which are the same in both.
 * @throws NopassError `HELM_DRIVER` for a database, whose labels nobody shows, and for the memory of a process
 */
export function recordKind(environment: NodeJS.ProcessEnv): 'secrets' | 'configmaps' {
  const driver = environment.HELM_DRIVER ?? ''
  if (['', 'secret', 'secrets'].includes(driver)) return 'secrets'
  if (driver === 'configmap' || driver === 'configmaps') return 'configmaps'
  const why = 'acr-nopass reads in them which run made a revision, and only in Secrets and ConfigMaps'
  throw new NopassError('HELM_DRIVER', `HELM_DRIVER=${driver} says where Helm keeps its records: ${why}`)
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
