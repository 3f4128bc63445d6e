import { hasStatus, KubeApiError } from '../../kube/api-error.ts'
import { type KubeCall, type KubeClient, MERGE_PATCH, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { heldBy, listOwner, withWriters } from '../../kube/managed-fields.ts'
import { CONTENT_MANAGER, FIELD_MANAGER, LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import { type KubeObject, keyOf, namespacedPath } from '../../kube/types.ts'
import { readConfig } from '../deploy/release-parts.ts'

const PAGE_SIZE = 500

/** What a release left in the cluster outside its own namespace. */
export interface Leftovers {
  /** ServiceAccounts with an entry that this release added. */
  readonly accounts: readonly LeftAccount[]
  /** Its pull secrets, as metadata. */
  readonly secrets: readonly KubeObject[]
  /** ServiceAccounts that reference the pull secret and are not changed. */
  readonly kept: readonly KeptAccount[]
  /** Secrets with the release's labels that another client wrote, as `namespace/name`. */
  readonly copies: readonly string[]
}

export interface LeftAccount extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

export interface KeptAccount {
  readonly account: LeftAccount
  /** Why the entry is not this release's, such as `argocd-controller applies the list`. */
  readonly why: string
  /** Whether `all` removes the entry. */
  readonly removable: boolean
}

type Reason = Omit<KeptAccount, 'account'>

export interface Removal {
  readonly detached: number
  readonly deleted: number
  readonly kept: readonly KeptAccount[]
  readonly copies: readonly string[]
  /** Objects that could not be changed, with the reason. */
  readonly left: readonly string[]
}

/** The release whose leftovers are removed. */
export interface LeftoverQuery {
  readonly secretName: string
  /** `<release namespace>.<release name>`. */
  readonly instance: string
  /** The only namespaces that the release works in, and that its deployer may read; undefined: all. */
  readonly namespaces?: readonly string[]
  /** Also entries that another client wrote last. */
  readonly all?: boolean
}

/**
 * Removes this release's entries from ServiceAccounts and deletes its pull secrets, with the caller's rights (the helper itself
 * may never delete). Secrets are listed as metadata, and only those with the release's labels are deleted.
 */
export async function findAndRemoveLeftovers(
  client: KubeClient,
  own: LeftoverQuery,
  signal: AbortSignal,
): Promise<Removal> {
  return removeLeftovers(client, own.secretName, await findLeftovers(client, own, signal), signal)
}

/** Reads only. */
export async function findLeftovers(client: KubeClient, own: LeftoverQuery, signal: AbortSignal): Promise<Leftovers> {
  const query = { fieldSelector: `metadata.name=${own.secretName}` }
  // Only these are kept in memory, because users of the cluster may create many and large ServiceAccounts.
  const isNaming = ({ imagePullSecrets = [] }: LeftAccount): boolean =>
    imagePullSecrets.some(({ name }) => name === own.secretName)
  const roots = own.namespaces?.map((name) => `/api/v1/namespaces/${encodeURIComponent(name)}`) ?? ['/api/v1']
  const [accounts, secrets, others] = await Promise.all([
    listAll<LeftAccount>(client, roots, 'serviceaccounts', {}, isNaming, signal),
    listAll<KubeObject>(client, roots, 'secrets', { query, accept: METADATA_ONLY_LIST }, () => true, signal),
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

async function listAll<T>(
  client: KubeClient,
  roots: readonly string[],
  plural: string,
  options: Pick<KubeCall, 'query' | 'accept'>,
  isKept: (object: T) => boolean,
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

/**
 * Decides what belongs to this release. A Secret does by its labels, unless only other clients wrote it. An entry does where this
 * release's Secret is in the namespace and no other client wrote the list last. Where there is no Secret of that name, it does only
 * if no other release uses the name, because all releases write entries with the same field manager.
 */
function sortLeftovers(
  accounts: readonly LeftAccount[],
  secrets: readonly KubeObject[],
  others: readonly string[] | undefined,
  { secretName, instance, all = false }: LeftoverQuery,
): Leftovers {
  const isRelease = ({ metadata }: KubeObject): boolean => metadata.labels?.[LABEL_MANAGED_BY] === MANAGED_BY
  const isLabelled = (secret: KubeObject): boolean =>
    isRelease(secret) && secret.metadata.labels?.[LABEL_INSTANCE] === instance
  const isOurs = (secret: KubeObject): boolean => isLabelled(secret) && !isCopy(secret)
  const byNamespace = new Map(secrets.map((secret) => [secret.metadata.namespace, secret]))
  const hasOthers = secrets.some((secret) => isRelease(secret) && !isLabelled(secret)) || (others ?? []).length > 0
  const stays = (why: string): Reason => ({ why, removable: false })
  const whyKept = ({ metadata }: LeftAccount): Reason | undefined => {
    const beside = byNamespace.get(metadata.namespace)
    if (beside !== undefined && !isOurs(beside)) return stays(`the Secret ${secretName} there is not this release's`)
    if (beside === undefined && hasOthers) {
      return stays(`there is no Secret ${secretName}, and another release writes Secrets of that name`)
    }
    if (beside === undefined && others === undefined) {
      return stays(
        `there is no Secret ${secretName}, and whether another release writes Secrets of that name is not readable`,
      )
    }
    const owner = listOwner(metadata.managedFields)
    if (all || owner?.manager === FIELD_MANAGER) return undefined
    if (owner === undefined) {
      // An entry of a Secret that is deleted with it serves no one.
      return beside === undefined ? { why: 'it is not recorded who wrote the list', removable: true } : undefined
    }
    const why =
      owner.operation === 'Apply' ? `${owner.manager} applies the list` : `${owner.manager} wrote the list last`
    return { why, removable: true }
  }
  const naming = accounts.map((account) => ({ account, reason: whyKept(account) }))
  return {
    accounts: naming.filter(({ reason }) => reason === undefined).map(({ account }) => account),
    secrets: secrets.filter(isOurs),
    kept: naming.flatMap(({ account, reason }) => (reason === undefined ? [] : [{ account, ...reason }])),
    copies: secrets.filter((secret) => isLabelled(secret) && isCopy(secret)).map(({ metadata }) => keyOf(metadata)),
  }
}

/** Whether only other field managers wrote it: tools that copy Secrets copy their labels too. */
function isCopy({ metadata: { managedFields = [] } }: KubeObject): boolean {
  const isOwn = (manager: string | undefined): boolean => manager === FIELD_MANAGER || manager === CONTENT_MANAGER
  return managedFields.length > 0 && !managedFields.some(({ manager }) => isOwn(manager))
}

/** Removes exactly these, entries before Secrets. An object that changed meanwhile is kept and reported. */
export async function removeLeftovers(
  client: KubeClient,
  secretName: string,
  { accounts, secrets, kept, copies }: Leftovers,
  signal: AbortSignal,
): Promise<Removal> {
  const left: string[] = []
  let detached = 0
  for (const { metadata, imagePullSecrets = [] } of accounts) {
    const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${metadata.name}`
    const { uid, resourceVersion } = metadata
    const rest = imagePullSecrets.filter(({ name }) => name !== secretName)
    const body = { metadata: { uid, resourceVersion }, imagePullSecrets: rest }
    const patch = () => client.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH }, signal)
    if (await attempt(patch, `ServiceAccount ${metadata.namespace}/${metadata.name}`, left)) detached++
  }
  let deleted = 0
  for (const { metadata } of secrets) {
    const path = `/api/v1/namespaces/${metadata.namespace}/secrets/${metadata.name}`
    const { uid, resourceVersion } = metadata
    const body = { preconditions: { uid, resourceVersion } }
    const title = `Secret ${metadata.namespace}/${metadata.name}`
    const remove = async (): Promise<void> => {
      const answer = await client.request<Partial<KubeObject>>({ method: 'DELETE', path, body }, signal)
      const held = heldBy(answer)
      if (held !== undefined) left.push(`${title}: ${held}`)
    }
    if (await attempt(remove, title, left)) deleted++
  }
  return { detached, deleted, kept, copies, left }
}

/** Why such a Secret stays. */
export const WHY_COPY: string = "it has this release's labels, but another client wrote it"

/** Returns whether it was done. A refusal or a conflict is added to `left`; an object that is already deleted is fine. */
async function attempt(work: () => Promise<unknown>, title: string, left: string[]): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof KubeApiError) || error.status === 0) throw error
    if (error.status !== 404) left.push(`${title}: ${error.code}`)
    return false
  }
}
