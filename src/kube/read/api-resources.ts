import { hasStatus, unlessStatus } from '../api-error.ts'
import { get, type KubeCaller } from '../client.ts'
import { pollUntil } from '../poll-until.ts'
import { apiRoot, namespacedPath, type ObjectReference } from '../types.ts'

/** A kind that the API server serves. */
export interface ServedKind {
  readonly kind: string
  /** '' for the core group. */
  readonly group: string
  readonly apiVersion: string
  /** The plural name, such as `deployments`. */
  readonly plural: string
  readonly namespaced: boolean
}

interface ResourceList {
  readonly resources: readonly (Pick<ServedKind, 'kind' | 'namespaced'> & {
    readonly name: string
    readonly verbs?: readonly string[]
  })[]
}

interface GroupList {
  readonly groups: readonly {
    readonly name: string
    readonly preferredVersion: { readonly groupVersion: string }
    readonly versions: readonly { readonly groupVersion: string }[]
  }[]
}

/** Returns the kinds of a group version; none if the group version was removed in the meantime. */
async function kindsOf(caller: KubeCaller, apiVersion: string) {
  const list = await unlessStatus(get<ResourceList>(caller, apiRoot(apiVersion)), 404)
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  return (list?.resources ?? []).flatMap(({ name, kind, namespaced, verbs = [] }) =>
    name.includes('/') ? [] : [{ kind, group, apiVersion, plural: name, namespaced, verbs }],
  )
}

/**
 * Discovers each object's kind, with one request per group version. The result is undefined for a
 * kind that is not served, and for kinds of a group version that could not be read. `onFailure`
 * receives each such group version.
 */
export async function discoverResources(
  caller: KubeCaller,
  objects: readonly ObjectReference[],
  onFailure: (apiVersion: string, error: Error) => void = () => undefined,
): Promise<(object: ObjectReference) => ServedKind | undefined> {
  const versions = [...new Set(objects.map(({ apiVersion }) => apiVersion))]
  const read = (version: string) =>
    kindsOf(caller, version).catch((error) => {
      onFailure(version, error)
      return []
    })
  const kinds = (await Promise.all(versions.map(read))).flat()
  return ({ apiVersion, kind }) => kinds.find((one) => one.apiVersion === apiVersion && one.kind === kind)
}

/**
 * Groups of Kubernetes itself and of its metrics, whose kinds are known. The group of admission
 * policies is missing, because policies hold texts, as custom objects do.
 */
const BUILT_IN =
  /^(apps|batch|autoscaling|policy|extensions|((apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)|(custom\.|external\.)?metrics)\.k8s\.io)$/

/**
 * Returns all kinds that can be listed: the namespaced kinds, or the custom kinds and those of
 * admission. Uses the API server's preferred version if possible.
 * @throws KubeApiError if a group cannot be read, such as the group of an aggregated server that is
 *   down
 */
export async function discoverKinds(
  caller: KubeCaller,
  which: 'namespaced' | 'custom',
): Promise<readonly ServedKind[]> {
  const isCustom = which === 'custom'
  const { groups } = await get<GroupList>(caller, '/apis')
  // All served versions, the preferred version first, because some kinds exist only in another
  // version.
  const versions = groups
    .filter(({ name }) => !isCustom || !BUILT_IN.test(name))
    .flatMap(({ preferredVersion, versions }) => [preferredVersion, ...versions].map((one) => one.groupVersion))
  const kinds = new Map<string, ServedKind>()
  for (const apiVersion of new Set(isCustom ? versions : ['v1', ...versions])) {
    for (const { verbs, ...kind } of await kindsOf(caller, apiVersion)) {
      const key = `${kind.plural}.${kind.group}`
      if (verbs.includes('list') && !kinds.has(key) && (isCustom || kind.namespaced)) kinds.set(key, kind)
    }
  }
  return [...kinds.values()]
}

/** How long discovery may still list a kind that is being removed (milliseconds). */
const REMOVAL_MS = 10_000

/**
 * Lists all served kinds. If a kind returns 404, it was removed if discovery no longer names it. If
 * discovery names another served version, that version is listed instead.
 * @returns kinds that discovery names but the API server does not find. Their objects are unknown.
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

/**
 * Returns the path of one object. `namespace` is the release's namespace, for objects that name
 * none.
 */
export function objectPath(
  { apiVersion, plural, namespaced }: ServedKind,
  object: Pick<ObjectReference, 'name' | 'namespace'>,
  namespace: string,
): string {
  const root = apiRoot(apiVersion)
  if (namespaced) return namespacedPath(root, object.namespace ?? namespace, plural, object.name)
  return `${root}/${plural}/${encodeURIComponent(object.name)}`
}
