import type { Helm } from '../helm/find-helm.ts'
import type { ReleaseTarget } from '../helm/helm-flags.ts'
import type { ReleaseContent } from '../helm/release-content.ts'
import { type RecordMetadata, readRecord, readRevisions, recordName, recordSelector } from '../helm/release-record.ts'
import { type Revision, readHistory } from '../helm/release-state.ts'
import { readRelease } from '../helm/render-release.ts'
import { type KubeClient, METADATA_ONLY_LIST } from '../kube/client.ts'

/** What helm has on record of one release. */
export interface ReleaseStore {
  /** Oldest first; empty when there is no such release. */
  history(signal: AbortSignal): Promise<readonly Revision[]>
  /** What a revision is made of; kept in memory only. */
  content(revision: number, signal: AbortSignal): Promise<ReleaseContent>
}

/**
 * Reads helm's records through the API: two requests instead of four helm processes. Where the user has helm keep them
 * elsewhere (HELM_DRIVER), helm itself is asked.
 */
export function openReleaseStore(helm: Helm, client: KubeClient, target: ReleaseTarget): ReleaseStore {
  if (!keepsSecrets(helm)) {
    return { history: () => readHistory(helm, target), content: () => readRelease(helm, target) }
  }
  const path = `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/secrets`
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
      return readRecord(data?.release ?? '')
    },
  }
}

function keepsSecrets({ environment }: Helm): boolean {
  return ['', 'secret', 'secrets'].includes((environment.HELM_DRIVER ?? '').toLowerCase())
}
