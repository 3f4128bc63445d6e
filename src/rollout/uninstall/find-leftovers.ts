import { hasStatus } from '../../kube/api-error.ts'
import { type KubeCall, type KubeClient, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { withWriters } from '../../kube/managed-fields.ts'
import { LABEL_INSTANCE } from '../../kube/names.ts'
import { type KubeObject, namespacedPath } from '../../kube/types.ts'
import { readConfig } from '../deploy/release-parts.ts'
import { type LeftAccount, type LeftoverQuery, type Leftovers, sortLeftovers } from './leftovers.ts'

const PAGE_SIZE = 500

/** Reads only. */
export async function findLeftovers(client: KubeClient, own: LeftoverQuery, signal: AbortSignal): Promise<Leftovers> {
  const query = { fieldSelector: `metadata.name=${own.secretName}` }
  // Only these are kept in memory, because users of the cluster may create many and large ServiceAccounts.
  const isNaming = ({ imagePullSecrets = [] }: LeftAccount): boolean =>
    imagePullSecrets.some(({ name }) => name === own.secretName)
  const roots = own.namespaces?.map((name) => `/api/v1/namespaces/${encodeURIComponent(name)}`) ?? ['/api/v1']
  const [accounts, secrets, others] = await Promise.all([
    listAll<LeftAccount>(client, roots, { plural: 'serviceaccounts', isKept: isNaming }, signal),
    listAll<KubeObject>(client, roots, { plural: 'secrets', query, accept: METADATA_ONLY_LIST }, signal),
    releasesBeside(client, own, signal),
  ])
  return sortLeftovers(
    await readWriters(client, 'serviceaccounts', accounts, signal),
    await readWriters(client, 'secrets', secrets, signal),
    others,
    own,
  )
}

/**
 * Other releases with the same secret name, as `namespace/release`, found by their configurations, because one may not have a Secret
 * yet. A configuration without a name counts. Undefined: the caller may not list ConfigMaps.
 */
async function releasesBeside(
  client: KubeClient,
  { secretName, instance }: LeftoverQuery,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
  const found: string[] = []
  try {
    const list = { path: '/api/v1/configmaps', pageSize: PAGE_SIZE, query }
    for await (const page of listPages<ConfigMap>(client, list, signal)) {
      for (const { metadata, data } of page.items ?? []) {
        const text = data?.['config.yaml']
        if (text === undefined) continue
        const release = metadata.labels?.[LABEL_INSTANCE] ?? ''
        if (`${metadata.namespace}.${release}` === instance) continue
        if ((readConfig(text)?.secretName ?? secretName) === secretName) found.push(`${metadata.namespace}/${release}`)
      }
    }
    return found
  } catch (error) {
    if (hasStatus(error, 403)) return undefined
    throw error
  }
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** Reads each object without managed fields again, because some proxies remove them from lists. Deleted objects are left out. */
async function readWriters<T extends KubeObject>(
  client: KubeClient,
  plural: string,
  objects: readonly T[],
  signal: AbortSignal,
): Promise<readonly T[]> {
  const known: T[] = []
  for (const object of objects) {
    const path = namespacedPath('/api/v1', object.metadata.namespace ?? '', plural, object.metadata.name)
    try {
      known.push(await withWriters(client, path, object, signal))
    } catch (error) {
      if (!hasStatus(error, 403, 404)) throw error
      if (error.status === 403) known.push(object)
    }
  }
  return known
}

interface ListOptions<T> extends Pick<KubeCall, 'query' | 'accept'> {
  readonly plural: string
  readonly isKept?: (object: T) => boolean
}

async function listAll<T>(
  client: KubeClient,
  roots: readonly string[],
  { plural, isKept = () => true, ...options }: ListOptions<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const listOne = async (root: string): Promise<readonly T[]> => {
    const items: T[] = []
    const list = { path: `${root}/${plural}`, pageSize: PAGE_SIZE, ...options }
    for await (const page of listPages<T>(client, list, signal)) items.push(...(page.items ?? []).filter(isKept))
    return items
  }
  return (await Promise.all(roots.map(listOne))).flat()
}
