import type { ManifestObject } from '../helm/release/manifest.ts'
import { hasStatus, unlessStatus } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { pollUntil } from '../kube/poll-until.ts'

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
      const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
      return client
        .request<ResourceList>({ method: 'GET', path }, signal)
        .catch((): ResourceList => ({ resources: [] }))
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

/** A namespaced kind that can be listed. */
export interface NamespacedKind {
  /** '' for the core group. */
  readonly group: string
  /** `/api/v1` or `/apis/apps/v1`. */
  readonly root: string
  readonly plural: string
}

/**
 * All namespaced kinds that can be listed, in the API server's preferred version if possible.
 * @throws KubeApiError when a group cannot be read, such as that of an aggregated server that is down
 */
export async function discoverNamespaced(client: KubeClient, signal?: AbortSignal): Promise<readonly NamespacedKind[]> {
  const { groups } = await client.request<GroupList>({ method: 'GET', path: '/apis' }, signal)
  const roots = [
    { group: '', root: '/api/v1' },
    ...groups.flatMap((group) => versionsOf(group).map((version) => ({ group: group.name, root: `/apis/${version}` }))),
  ]
  const kinds = new Map<string, NamespacedKind>()
  for (const { group, root } of roots) {
    const { resources } = await resourcesOf(client, root, signal)
    for (const { name, namespaced, verbs = [] } of resources) {
      const key = `${name}.${group}`
      if (!namespaced || name.includes('/') || !verbs.includes('list') || kinds.has(key)) continue
      kinds.set(key, { group, root, plural: name })
    }
  }
  return [...kinds.values()]
}

/** Groups of Kubernetes itself and of its metrics, whose kinds are known. */
const BUILT_IN =
  /^(apps|batch|autoscaling|policy|extensions|((admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)|(custom\.|external\.)?metrics)\.k8s\.io)$/

export interface CustomKind {
  readonly kind: string
  readonly apiVersion: string
  readonly plural: string
}

/**
 * All custom kinds that can be listed, in the API server's preferred version if possible.
 * @throws KubeApiError when a group cannot be read
 */
export async function discoverCustom(client: KubeClient, signal?: AbortSignal): Promise<readonly CustomKind[]> {
  const { groups } = await client.request<GroupList>({ method: 'GET', path: '/apis' }, signal)
  const kinds = new Map<string, CustomKind>()
  const versions = groups.filter(({ name }) => !BUILT_IN.test(name)).flatMap(versionsOf)
  for (const apiVersion of versions) {
    const { resources } = await resourcesOf(client, `/apis/${apiVersion}`, signal)
    const [group = ''] = apiVersion.split('/')
    for (const { name, kind, verbs = [] } of resources) {
      const key = `${name}.${group}`
      if (name.includes('/') || !verbs.includes('list') || kinds.has(key)) continue
      kinds.set(key, { kind, apiVersion, plural: name })
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
export async function listServed<K>(
  discover: () => Promise<readonly K[]>,
  keyOfKind: (kind: K) => string,
  list: (kind: K) => Promise<void>,
  signal: AbortSignal,
  limitMs: number = REMOVAL_MS,
): Promise<readonly K[]> {
  const listed = new Set<string>()
  let missing: K[] = []
  const round = async (): Promise<boolean> => {
    missing = []
    for (const kind of await discover()) {
      if (listed.has(keyOfKind(kind))) continue
      try {
        await list(kind)
        listed.add(keyOfKind(kind))
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
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const scope = resource.namespaced ? `/namespaces/${encodeURIComponent(object.namespace ?? namespace)}` : ''
  return `${root}${scope}/${resource.name}/${encodeURIComponent(object.name)}`
}
