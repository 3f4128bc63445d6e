import { hasStatus } from '../../kube/api-error.ts'
import { type KubeCall, type KubeCaller, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { withWriters } from '../../kube/managed-fields.ts'
import { LABEL_INSTANCE } from '../../kube/names.ts'
import { type KubeObject, namespacedPath } from '../../kube/types.ts'
import type { StatusObject } from '../../release/helper-status.ts'
import { createReader } from '../../release/reader.ts'
import { readSecretName } from '../deploy/release-parts.ts'
import { type LeftAccount, type LeftoverQuery, type Leftovers, sortLeftovers } from './leftovers.ts'

const PAGE_SIZE = 500

/** Reads only. */
export async function findLeftovers(caller: KubeCaller, own: LeftoverQuery): Promise<Leftovers> {
  const query = { fieldSelector: `metadata.name=${own.secretName}` }
  // Only these are kept in memory, because users of the cluster may create many and large ServiceAccounts.
  const isNaming = ({ imagePullSecrets = [] }: LeftAccount): boolean =>
    imagePullSecrets.some(({ name }) => name === own.secretName)
  const roots = own.namespaces?.map((name) => `/api/v1/namespaces/${encodeURIComponent(name)}`) ?? ['/api/v1']
  const [accounts, secrets, others] = await Promise.all([
    listAll<LeftAccount>(caller, roots, { plural: 'serviceaccounts', isKept: isNaming }),
    listAll<KubeObject>(caller, roots, { plural: 'secrets', query, accept: METADATA_ONLY_LIST }),
    releasesBeside(caller, own),
  ])
  return sortLeftovers(
    await readWriters(caller, 'serviceaccounts', accounts),
    await readWriters(caller, 'secrets', secrets),
    others,
    own,
  )
}

/**
 * Other releases with the same secret name, as `namespace/release`, found by their configurations, because one may not have a Secret
 * yet. A configuration without a name counts. Undefined: the caller may not list ConfigMaps.
 */
async function releasesBeside(
  { client, signal }: KubeCaller,
  { secretName, instance }: LeftoverQuery,
): Promise<readonly string[] | undefined> {
  const reader = createReader(client, signal)
  const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
  // Only a name is kept of each, because users of the cluster may create many and large ConfigMaps with this label.
  const transform = ({ metadata, data }: StatusObject): readonly string[] => {
    const text = data?.['config.yaml']
    const release = metadata.labels?.[LABEL_INSTANCE] ?? ''
    const isOther = text !== undefined && `${metadata.namespace}.${release}` !== instance
    return isOther && (readSecretName(text) ?? secretName) === secretName ? [`${metadata.namespace}/${release}`] : []
  }
  const names = await reader.list<StatusObject, readonly string[]>('ConfigMaps', '/api/v1/configmaps', {
    query,
    transform,
  })
  return names?.flat()
}

/** Reads each object without managed fields again, because some proxies remove them from lists. Deleted objects are left out. */
async function readWriters<T extends KubeObject>(
  { client, signal }: KubeCaller,
  plural: string,
  objects: readonly T[],
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
  { client, signal }: KubeCaller,
  roots: readonly string[],
  { plural, isKept = () => true, ...options }: ListOptions<T>,
): Promise<readonly T[]> {
  const listOne = async (root: string): Promise<readonly T[]> => {
    const items: T[] = []
    const list = { path: `${root}/${plural}`, pageSize: PAGE_SIZE, ...options }
    for await (const page of listPages<T>(client, list, signal)) items.push(...(page.items ?? []).filter(isKept))
    return items
  }
  return (await Promise.all(roots.map(listOne))).flat()
}
