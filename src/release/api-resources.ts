import type { ManifestObject } from '../helm/release/manifest.ts'
import { hasStatus, unlessStatus } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { pollUntil } from '../kube/poll-until.ts'
import { apiRoot } from '../kube/types.ts'

export interface ApiResource {
  readonly group: string
  readonly version: string
  /** Plural, such as `deployments`. */
  readonly name: string
  readonly namespaced: boolean
}

interface ResourceList {
  readonly resources: readonly {
    readonly name: string
    readonly kind: string
    readonly namespaced: boolean
    readonly verbs?: readonly string[]
  }[]
}

interface ApiGroup {
  readonly name: string
  readonly preferredVersion: { readonly groupVersion: string }
  readonly versions: readonly { readonly groupVersion: string }[]
}

interface GroupList {
  readonly groups: readonly ApiGroup[]
}

/** Discovers the resource of each object's kind, with one request per group version; undefined for an unknown kind. */
export async function discoverResources(
  client: KubeClient,
  objects: readonly ManifestObject[],
  signal?: AbortSignal,
): Promise<(object: ManifestObject) => ApiResource | undefined> {
  const versions = [...new Set(objects.map(({ apiVersion }) => apiVersion))]
  const lists = await Promise.all(
    versions.map(async (apiVersion) => {
      const call = { method: 'GET', path: apiRoot(apiVersion) } as const
      return client.request<ResourceList>(call, signal).catch((): ResourceList => ({ resources: [] }))
    }),
  )
  const found = new Map<string, ApiResource>()
  for (const [index, apiVersion] of versions.entries()) {
    const [version = '', group = ''] = apiVersion.split('/').toReversed()
    for (const { name, kind, namespaced } of lists[index]?.resources ?? []) {
      if (!name.includes('/')) found.set(`${apiVersion} ${kind}`, { group, version, name, namespaced })
    }
  }
  return ({ apiVersion, kind }) => found.get(`${apiVersion} ${kind}`)
}

/** All served group versions, the preferred one first, because some kinds exist only in another one. */
function versionsOf({ preferredVersion, versions }: ApiGroup): readonly string[] {
  return [...new Set([preferredVersion, ...versions].map(({ groupVersion }) => groupVersion))]
}

/** A group version that was removed in the meantime has no kinds. */
async function resourcesOf(client: KubeClient, root: string, signal?: AbortSignal): Promise<ResourceList> {
  return (
    (await unlessStatus(client.request<ResourceList>({ method: 'GET', path: root }, signal), 404)) ?? { resources: [] }
  )
}

/** A kind that can be listed. */
export interface ServedKind {
  readonly kind: string
  /** '' for the core group. */
  readonly group: string
  readonly apiVersion: string
  readonly plural: string
}

/** Groups of Kubernetes itself and of its metrics, whose kinds are known. */
const BUILT_IN =
  /^(apps|batch|autoscaling|policy|extensions|((admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)|(custom\.|external\.)?metrics)\.k8s\.io)$/

/**
 * All kinds that can be listed, namespaced or custom ones, in the API server's preferred version if possible.
 * @throws KubeApiError when a group cannot be read, such as that of an aggregated server that is down
 */
export async function discoverKinds(
  client: KubeClient,
  which: 'namespaced' | 'custom',
  signal?: AbortSignal,
): Promise<readonly ServedKind[]> {
  const isCustom = which === 'custom'
  const { groups } = await client.request<GroupList>({ method: 'GET', path: '/apis' }, signal)
  const versions = groups.filter(({ name }) => !isCustom || !BUILT_IN.test(name)).flatMap(versionsOf)
  const kinds = new Map<string, ServedKind>()
  for (const apiVersion of isCustom ? versions : ['v1', ...versions]) {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
    const { resources } = await resourcesOf(client, apiRoot(apiVersion), signal)
    for (const { name, kind, namespaced, verbs = [] } of resources) {
      const key = `${name}.${group}`
      if (name.includes('/') || !verbs.includes('list') || kinds.has(key) || !(isCustom || namespaced)) continue
      kinds.set(key, { kind, group, apiVersion, plural: name })
    }
  }
  return [...kinds.values()]
}

/** How long discovery may still list a kind that is being removed, milliseconds. */
const REMOVAL_MS = 10_000

/**
 * Lists all served kinds. A kind that returns 404 was removed if discovery no longer names it; another served version of it is
 * listed instead.
 * @returns kinds that discovery names and the API server does not find, so their objects are unknown
 */
export async function listServed<K extends Pick<ServedKind, 'group' | 'plural'>>(
  discover: () => Promise<readonly K[]>,
  list: (kind: K) => Promise<void>,
  signal: AbortSignal,
  limitMs: number = REMOVAL_MS,
): Promise<readonly K[]> {
  const listed = new Set<string>()
  let missing: K[] = []
  const round = async (): Promise<boolean> => {
    missing = []
    for (const kind of await discover()) {
      const key = `${kind.plural}.${kind.group}`
      if (listed.has(key)) continue
      try {
        await list(kind)
        listed.add(key)
      } catch (error) {
        if (!hasStatus(error, 404)) throw error
        missing.push(kind)
      }
    }
    return missing.length === 0
  }
  if (!(await round())) await pollUntil(limitMs, signal, round)
  return missing
}

/** The path of one object; `namespace` is the release's, for objects that name none. */
export function objectPath(
  resource: ApiResource,
  object: Pick<ManifestObject, 'name' | 'namespace'>,
  namespace: string,
): string {
  const root = apiRoot(resource.group === '' ? resource.version : `${resource.group}/${resource.version}`)
  const scope = resource.namespaced ? `/namespaces/${encodeURIComponent(object.namespace ?? namespace)}` : ''
  return `${root}${scope}/${resource.name}/${encodeURIComponent(object.name)}`
}
