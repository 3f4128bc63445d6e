import { NopassError } from '../../errors.ts'
import { hasStatus, KubeApiError, unlessStatus } from '../../kube/api-error.ts'
import { get, type KubeCaller, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { discoverKinds, listServed, type ServedKind } from '../../kube/read/api-resources.ts'
import { apiRoot, type KubeList, type KubeObject, namespacedPath } from '../../kube/types.ts'
import { shell } from '../../lib/shell-command.ts'

/** The label of a namespace that the rollout created. An uninstall may delete such a namespace. */
const MADE_LABEL = 'acr-nopass.io/made-for-release'

/** The time that the helper's Pods need to exit: their grace period (milliseconds). */
const ENDING_MS = 40_000

/**
 * Returns whether the release's namespace exists, after waiting for a namespace that is being
 * deleted. Undefined if the namespace may not be read.
 * @throws KUBE_CONFLICT if that deletion does not finish
 */
export async function hasReleaseNamespace(
  caller: KubeCaller,
  name: string,
  limitMs: number = ENDING_MS,
): Promise<boolean | undefined> {
  let namespace = await readNamespace(caller, name)
  await pollUntil(limitMs, caller.signal, async () => {
    if (isEnding(namespace)) namespace = await readNamespace(caller, name)
    return !isEnding(namespace)
  })
  if (isEnding(namespace)) throw stillEnding(name, namespace)
  return namespace === undefined ? undefined : namespace !== null
}

const isEnding = (namespace: Namespace | null | undefined) => namespace?.metadata.deletionTimestamp !== undefined

/**
 * Creates the release's namespace with our label, after waiting for a namespace of that name that
 * is being deleted. If another run created the namespace meanwhile, it is used.
 * @throws KUBE_CONFLICT if that deletion does not finish
 */
export async function createReleaseNamespace(
  caller: KubeCaller,
  name: string,
  limitMs: number = ENDING_MS,
): Promise<void> {
  const { client, signal } = caller
  const metadata = { name, labels: { [MADE_LABEL]: 'true' } }
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata }
  let conflict: unknown
  const made = await pollUntil(limitMs, signal, async () => {
    try {
      await client.request({ method: 'POST', path: '/api/v1/namespaces', body }, signal)
      return true
    } catch (error) {
      if (!hasStatus(error, 409)) throw error
      conflict = error
      const namespace = await readNamespace(caller, name)
      return namespace !== null && !isEnding(namespace)
    }
  })
  if (made === undefined) throw stillEnding(name, await readNamespace(caller, name), conflict)
}

function stillEnding(name: string, namespace: Namespace | null | undefined, cause?: unknown): NopassError {
  const { conditions = [] } = namespace?.status ?? {}
  const reasons = conditions.filter(({ status }) => status === 'True').map(({ message }) => message)
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`
  const show = shell`kubectl get namespace ${name} --output yaml`
  return new NopassError('KUBE_CONFLICT', `namespace ${name} is still being deleted${why}`, {
    hint: `Remove what keeps it (\`${show}\`), then run again; or choose another \`namespace\`.`,
    cause,
  })
}

interface Namespace extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly status: string; readonly message?: string }[] }
}

const pathOf = (name: string): string => `/api/v1/namespaces/${encodeURIComponent(name)}`

/**
 * Deletes the release's namespace, if the rollout created it and it holds no other object of any
 * kind that the API server serves. Returns what was done. If a kind cannot be listed, the namespace
 * stays, because the kind could hold another owner's data.
 * @param limitMs how long to wait for discovery to drop a kind that is not found
 */
export async function removeReleaseNamespace(caller: KubeCaller, name: string, limitMs?: number): Promise<string> {
  const { client, signal } = caller
  const path = pathOf(name)
  const stays = (why: string): string =>
    `namespace ${name} stays: ${why}. To delete it with everything in it: ${shell`kubectl delete namespace ${name}`}`
  try {
    const namespace = await unlessStatus(get<Namespace>(caller, path), 404)
    if (namespace === undefined) return `namespace ${name} does not exist`
    if (namespace.metadata.labels?.[MADE_LABEL] !== 'true') return `namespace ${name} stays: it existed before`
    if (isEnding(namespace)) return `namespace ${name} is being deleted already`
    await pollUntil(ENDING_MS, signal, async () => {
      const { items } = await get<KubeList<KubeObject>>(caller, `${path}/pods`, { accept: METADATA_ONLY_LIST })
      return (items ?? []).length === 0
    })
    const content = await listContent(caller, name, limitMs)
    const shown = content.slice(0, 5).join(', ')
    if (content.length > 0) return stays(`it contains ${shown}${content.length > 5 ? ' and more' : ''}`)
    const { uid, resourceVersion } = namespace.metadata
    await client.request({ method: 'DELETE', path, body: { preconditions: { uid, resourceVersion } } }, signal)
    // First, the API server removes what every namespace holds, which takes some seconds.
    const isGone = (await unlessStatus(get<Namespace>(caller, path), 404)) === undefined
    return isGone ? `namespace ${name} was removed` : `namespace ${name} is being deleted`
  } catch (error) {
    if (!(error instanceof KubeApiError) || error.status === 0) throw error
    if (error.status === 404) return `namespace ${name} was removed`
    return stays(`the namespace or its objects could not be read, or it changed meanwhile (${error.message})`)
  }
}

/** Returns null if the namespace does not exist, and undefined if it may not be read. */
function readNamespace(caller: KubeCaller, name: string): Promise<Namespace | null | undefined> {
  const found = unlessStatus(get<Namespace>(caller, pathOf(name)), 404)
  return unlessStatus(
    found.then((namespace) => namespace ?? null),
    403,
  )
}

/** True for objects that Kubernetes creates in every namespace. */
function isOfEveryNamespace({ group, plural }: ServedKind, { metadata }: KubeObject): boolean {
  if (group !== '') return false
  if (plural === 'configmaps') return metadata.name === 'kube-root-ca.crt'
  return plural === 'serviceaccounts' && metadata.name === 'default'
}

/**
 * Lists everything in a namespace, like `deployments web`. Events are not counted.
 * @throws KubeApiError if a kind cannot be listed
 */
async function listContent(
  caller: KubeCaller,
  namespace: string,
  limitMs: number | undefined,
): Promise<readonly string[]> {
  const content: string[] = []
  const listKind = async (kind: ServedKind): Promise<void> => {
    const { group, apiVersion, plural } = kind
    if (plural === 'events' && (group === '' || group === 'events.k8s.io')) return
    const path = namespacedPath(apiRoot(apiVersion), namespace, plural)
    const call = { query: { limit: 10 }, accept: `${METADATA_ONLY_LIST},application/json` }
    const { items } = await get<KubeList<KubeObject>>(caller, path, call)
    const found = (items ?? []).filter((object) => !isOfEveryNamespace(kind, object))
    content.push(...found.map(({ metadata }) => `${plural} ${metadata.name}`))
  }
  const missing = await listServed(() => discoverKinds(caller, 'namespaced'), listKind, caller.signal, limitMs)
  const unknown = missing.map(({ plural, group }) => `${plural}.${group} that cannot be listed`)
  return [...content, ...unknown]
}
