import type { RunningImage } from '../../acr/limited-images.ts'
import {
  describe,
  findRelease,
  noteUnknown,
  type ReleaseChoice,
  type ReleaseFacts,
  readRelease,
} from '../../installation/find-release.ts'
import type { NamespaceView, ServiceAccountObject } from '../../installation/object-views.ts'
import { findAddons } from '../../installation/other-releases.ts'
import { createSecretTransforms, readPullSecrets } from '../../installation/read-pull-secrets.ts'
import { METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { Reader } from '../../kube/read/reader.ts'
import { isOver, type PodObject } from '../../kube/types.ts'
import { isLimited } from '../../values/limited-entries.ts'
import type { Inspect } from '../cloud/create-inspector.ts'
import type { CloudSnapshot } from '../cloud/inspect-cloud.ts'
import type { Observed } from '../observed.ts'
import { addEvents } from './pod-events.ts'
import { describePod, imagesOf, selectPod } from './pod-facts.ts'
import { readHelper } from './read-helper.ts'
import { readLeftovers } from './read-leftovers.ts'
import { type ExpectConfigs, readNodes } from './read-nodes.ts'

export interface ObserveRequest extends ReleaseChoice {
  readonly server: string
  /**
   * How far this machine's clock is ahead of the API server's, in milliseconds; undefined: not
   * known.
   */
  readonly aheadMs: () => number | undefined
  /**
   * True: no dry runs and no reviews of rights, which are requests to write. What they would show
   * is not judged.
   */
  readonly isReadOnly?: boolean
  /** The configurations of kubelets that pull with a release's registries. */
  readonly expectConfigs: ExpectConfigs
  readonly inspect: Inspect
}

/**
 * Reads the base of every diagnosis: the server, the release, and other releases that do the same
 * work.
 * @throws KubeApiError when the API server cannot be reached or does not know the caller;
 * INPUT_MISSING when there are several releases and none was named
 */
export async function observeBase(reader: Reader, { server, aheadMs: readAheadMs, ...choice }: ObserveRequest) {
  const version = await reader.request<{ gitVersion?: string }>('/version')
  const [{ chosen, others }, addons] = await Promise.all([findRelease(reader, choice), findAddons(reader)])
  if (chosen !== undefined) noteUnknown(reader, chosen)
  const aheadMs = readAheadMs()
  return {
    now: Date.now() - (aheadMs ?? 0),
    aheadMs,
    server,
    kubernetes: version.gitVersion,
    release: chosen,
    // A record without proof is not parsed, because a tenant may have written it.
    others: await Promise.all(
      others.map((one) => (one.evidence === 'proven' ? readRelease(reader, one) : describe(one, []))),
    ),
    addons,
  }
}

export const NOT_INSPECTED: CloudSnapshot = { state: 'not-inspected', why: 'no release was found' }

/**
 * Reads everything for the diagnosis. Of Secrets, only the metadata of pull secrets is read.
 * @throws KubeApiError when the API server cannot be reached or does not know the caller
 */
export async function observeCluster(reader: Reader, request: ObserveRequest): Promise<Observed> {
  const base = await observeBase(reader, request)
  const { release } = base
  const { unread } = reader
  const leftovers = await readLeftovers(reader, [...(release === undefined ? [] : [release]), ...base.others])
  if (release === undefined) return { ...base, leftovers, cloud: NOT_INSPECTED, unread }
  const namespaces = listNamespaces(reader, release)
  const rules = { now: base.now, isReadOnly: request.isReadOnly ?? false }
  const listed = readLists(reader, release, namespaces, base.now)
  // A failure is reported by the list itself.
  const accounts = listed.then((lists) => lists.accounts).catch(() => undefined)
  const [helper, lists, cloud, plugins] = await Promise.all([
    readHelper(reader, release, namespaces, rules),
    listed,
    request.inspect(release, accounts),
    readNodes(reader, release, { ...rules, expectConfigs: request.expectConfigs }),
  ])
  return { ...base, leftovers, ...helper, ...lists, cloud, plugins, unread }
}

function listNamespaces(reader: Reader, release: ReleaseFacts): Promise<readonly NamespaceView[] | undefined> {
  const transform = createSecretTransforms(release).transforms.namespace
  return reader.list('Namespaces', '/api/v1/namespaces', { accept: METADATA_ONLY_LIST, transform })
}

async function readLists(
  reader: Reader,
  release: ReleaseFacts,
  listed: ReturnType<typeof listNamespaces>,
  now: number,
): Promise<Partial<Observed>> {
  const { secretName, transforms } = createSecretTransforms(release)
  const images = release.config?.registries.some(isLimited) ? new Map<string, RunningImage>() : undefined
  const [namespaces, secrets, accounts, pods] = await Promise.all([
    listed,
    readPullSecrets(reader, secretName, transforms),
    reader.list('ServiceAccounts of all namespaces', '/api/v1/serviceaccounts', {
      isSmall: true,
      transform: (object: ServiceAccountObject) => transforms.serviceAccount(object),
    }),
    reader.list('Pods of all namespaces', '/api/v1/pods', {
      transform: (pod: PodObject) => {
        if (isOver(pod)) return []
        const facts = describePod(pod)
        for (const one of images ? imagesOf(facts) : []) images?.set(`${one.namespace} ${one.image}`, one)
        return selectPod(facts, secretName)
      },
    }),
  ])
  return {
    namespaces,
    secrets,
    accounts,
    pods: pods && (await addEvents(reader, pods.flat(), now)),
    ...(images && pods && { images: [...images.values()] }),
  }
}
