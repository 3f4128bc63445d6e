import { type KubeClient, METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { ReleaseFacts } from '../../release/find-release.ts'
import { readPullSecrets } from '../../release/read-pull-secrets.ts'
import type { Reader } from '../../release/reader.ts'
import type { ServiceAccountObject } from '../../release/views.ts'
import type { Observed } from '../observed.ts'
import { lensOf, NOT_INSPECTED, type ObserveRequest, observeBase } from './observe-base.ts'
import { type PodObject, transformPod } from './pod-facts.ts'
import { NO_HELPER, readHelper } from './read-helper.ts'

/**
 * Reads everything for the diagnosis; of Secrets only the pull secrets' metadata.
 * @throws NopassError if the API server cannot be reached or does not know the caller
 */
export async function observeCluster(
  client: KubeClient,
  reader: Reader,
  request: ObserveRequest,
  signal: AbortSignal,
): Promise<Observed> {
  const base = await observeBase(client, reader, request, signal)
  const { release } = base
  const [helper, lists, cloud] =
    release === undefined
      ? [NO_HELPER, NOTHING, NOT_INSPECTED]
      : await Promise.all([
          readHelper(client, reader, release, signal),
          readLists(reader, release),
          request.inspect(release),
        ])
  return { ...base, ...helper, ...lists, cloud, focus: undefined, unread: reader.unread }
}

type Lists = Pick<Observed, 'namespaces' | 'secrets' | 'accounts' | 'pods'>

const NOTHING: Lists = { namespaces: undefined, secrets: undefined, accounts: undefined, pods: undefined }

async function readLists(reader: Reader, release: ReleaseFacts): Promise<Lists> {
  const { secretName, transforms } = lensOf(release)
  const [namespaces, secrets, accounts, pods] = await Promise.all([
    reader.list('Namespaces', '/api/v1/namespaces', { accept: METADATA_ONLY_LIST, transform: transforms.namespace }),
    readPullSecrets(reader, secretName, transforms),
    reader.list('ServiceAccounts of all namespaces', '/api/v1/serviceaccounts', {
      transform: (object: ServiceAccountObject) => transforms.serviceAccount(object),
    }),
    reader.list('Pods of all namespaces', '/api/v1/pods', {
      transform: (pod: PodObject) => transformPod(pod, secretName),
    }),
  ])
  return {
    namespaces,
    secrets,
    accounts,
    pods: pods?.flat(),
  }
}
