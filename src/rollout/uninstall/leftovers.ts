import { NopassError, reworded } from '../../errors.ts'
import { listCandidates, listNames, readConfigText } from '../../installation/find-release.ts'
import type { ServiceAccountObject } from '../../installation/object-views.ts'
import type { Candidate } from '../../installation/release-evidence.ts'
import { hasStatus } from '../../kube/api-error.ts'
import { attemptChange, deleteAsRead, replacePullSecrets } from '../../kube/change-as-read.ts'
import { type KubeCall, type KubeCaller, METADATA_ONLY_LIST } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { listOwner, withWriters } from '../../kube/managed-fields.ts'
import { CONTENT_MANAGER, FIELD_MANAGER, LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../../kube/names.ts'
import { createReader } from '../../kube/read/reader.ts'
import { type KubeObject, keyOf, namespacedPath } from '../../kube/types.ts'
import { shorten } from '../../lib/text.ts'
import { type RenderedConfig, readSecretName } from '../release/release-parts.ts'

/** The release whose leftovers are removed. */
export interface LeftoverQuery {
  readonly secretName: string
  /** The label `app.kubernetes.io/instance`: `<release namespace>.<release name>`. */
  readonly instance: string
  /**
   * The only namespaces that the release works in and that its deployer may read. Undefined for
   * all.
   */
  readonly namespaces?: readonly string[]
  /** If true, entries that another client wrote last are removed too. */
  readonly all?: boolean
}

/** Returns the release, and the namespaces that its deployer may read. */
export function leftoversOf(
  settings: { readonly namespace: string; readonly release: string },
  secretName: string,
  config: Pick<RenderedConfig, 'namespaces'> | undefined,
): LeftoverQuery {
  const own = { secretName, instance: `${settings.namespace}.${settings.release}` }
  if (config?.namespaces === undefined) return own
  return { ...own, namespaces: [...new Set([settings.namespace, ...config.namespaces])] }
}

export type Leftovers = ReturnType<typeof sortLeftovers>

const PAGE_SIZE = 500

/** Finds what a release left in the cluster outside its own namespace. Reads only. */
export async function findLeftovers(caller: KubeCaller, own: LeftoverQuery): Promise<Leftovers> {
  const query = { fieldSelector: `metadata.name=${own.secretName}` }
  // Only ServiceAccounts that name the Secret are kept in memory, because users of the cluster may
  // create many and large ServiceAccounts.
  const ifNaming = (account: ServiceAccountObject): ServiceAccountObject | undefined =>
    account.imagePullSecrets?.some(({ name }) => name === own.secretName) ? account : undefined
  const [accounts, secrets, others] = await Promise.all([
    listAll(caller, own, 'serviceaccounts', {}, ifNaming),
    listAll<KubeObject>(caller, own, 'secrets', { query, accept: METADATA_ONLY_LIST }, (secret) => secret),
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
 * Why an entry does not belong to this release, such as `argocd-controller applies the list`.
 * `removable` is true if `all` removes the entry.
 */
interface Reason {
  readonly why: string
  readonly removable: boolean
}

/**
 * Decides what belongs to this release. A Secret belongs to it by its labels, unless only other
 * clients wrote the Secret. An entry belongs to it if this release's Secret is in the namespace and
 * no other client wrote the list last. If the namespace has no such Secret, the entry belongs to it
 * only if no other release uses the name. The list itself does not distinguish releases, because
 * all releases write entries with the same field manager.
 */
function sortLeftovers(
  accounts: readonly ServiceAccountObject[],
  secrets: readonly KubeObject[],
  others: readonly Candidate[] | undefined,
  { secretName, instance, all = false }: LeftoverQuery,
) {
  const isRelease = ({ metadata }: KubeObject): boolean => metadata.labels?.[LABEL_MANAGED_BY] === MANAGED_BY
  const isLabelled = (secret: KubeObject): boolean =>
    isRelease(secret) && secret.metadata.labels?.[LABEL_INSTANCE] === instance
  const isOurs = (secret: KubeObject): boolean => isLabelled(secret) && !isCopy(secret)
  const byNamespace = new Map(secrets.map((secret) => [secret.metadata.namespace, secret]))
  const unproven = (others ?? []).filter(({ evidence }) => evidence !== 'proven')
  const hasProven = (others ?? []).length > unproven.length
  const hasOthers = secrets.some((secret) => isRelease(secret) && !isLabelled(secret)) || hasProven
  const stays = (why: string): Reason => ({ why, removable: false })
  const whyKept = ({ metadata }: ServiceAccountObject): Reason | undefined => {
    const beside = byNamespace.get(metadata.namespace)
    if (beside !== undefined && !isOurs(beside))
      return stays(`the Secret ${secretName} there does not belong to this release`)
    if (beside === undefined && hasOthers) {
      return stays(`there is no Secret ${secretName}, and another release writes Secrets of that name`)
    }
    if (beside === undefined && unproven.length > 0) {
      return stays(
        `there is no Secret ${secretName}, and ${listNames(unproven)}, which has the labels of a release, may be one that writes Secrets of that name`,
      )
    }
    if (beside === undefined && others === undefined) {
      return stays(
        `there is no Secret ${secretName}, and acr-nopass could not read whether another release writes Secrets of that name`,
      )
    }
    const owner = listOwner(metadata.managedFields)
    if (all || owner?.manager === FIELD_MANAGER) return undefined
    if (owner === undefined) {
      // If the entry's Secret is deleted with the release, the entry has no use.
      return beside === undefined ? { why: 'it is not recorded who wrote the list', removable: true } : undefined
    }
    const why =
      owner.operation === 'Apply' ? `${owner.manager} applies the list` : `${owner.manager} wrote the list last`
    return { why, removable: true }
  }
  const naming = accounts.map((account) => ({ account, reason: whyKept(account) }))
  return {
    /** ServiceAccounts with an entry that this release added. */
    accounts: naming.filter(({ reason }) => reason === undefined).map(({ account }) => account),
    /** The release's pull Secrets, as metadata. */
    secrets: secrets.filter(isOurs),
    /** ServiceAccounts that reference the pull Secret and are not changed. */
    kept: naming.flatMap(({ account, reason }) => (reason === undefined ? [] : [{ account, ...reason }])),
    /** Secrets with the release's labels that another client wrote, as `namespace/name`. */
    copies: secrets.filter((secret) => isLabelled(secret) && isCopy(secret)).map(({ metadata }) => keyOf(metadata)),
  }
}

/**
 * True if only other field managers wrote the Secret. Tools that copy Secrets also copy their
 * labels.
 */
function isCopy({ metadata: { managedFields = [] } }: KubeObject): boolean {
  const isOwn = (manager: string | undefined): boolean => manager === FIELD_MANAGER || manager === CONTENT_MANAGER
  return managedFields.length > 0 && !managedFields.some(({ manager }) => isOwn(manager))
}

/** Why a copied Secret stays. */
export const WHY_COPY: string = "it has this release's labels, but another client wrote it"

/**
 * Finds other releases with the same Secret name by their configurations, because a release may not
 * have a Secret yet. A release whose configuration is absent or has no name counts too. An unproven
 * release also counts; its configuration may be a tenant's and is not parsed. Undefined if the
 * caller may not list ConfigMaps.
 */
async function releasesBeside(
  { client, signal }: KubeCaller,
  { secretName, instance }: LeftoverQuery,
): Promise<readonly Candidate[] | undefined> {
  const reader = createReader(client, signal)
  const all = await listCandidates(reader)
  const others = all?.filter(({ namespace, name }) => `${namespace}.${name}` !== instance)
  const found = others?.map(async (one) => {
    if (one.evidence !== 'proven') return [one]
    const text = await readConfigText(reader, one)
    return text === undefined || (readSecretName(text) ?? secretName) === secretName ? [one] : []
  })
  return found && (await Promise.all(found)).flat()
}

/**
 * Reads each object without managed fields again, because some proxies remove them from lists.
 * Deleted objects are left out.
 */
async function readWriters<T extends KubeObject>(
  caller: KubeCaller,
  plural: string,
  objects: readonly T[],
): Promise<readonly T[]> {
  const known: T[] = []
  for (const object of objects) {
    const path = namespacedPath('/api/v1', object.metadata.namespace ?? '', plural, object.metadata.name)
    try {
      known.push(await withWriters(caller, path, object))
    } catch (error) {
      if (!hasStatus(error, 403, 404)) throw error
      if (error.status === 403) known.push(object)
    }
  }
  return known
}

/** `reduce` returns what is kept of an object, or undefined to keep nothing. */
export async function listAll<T, K = T>(
  { client, signal }: KubeCaller,
  { namespaces }: LeftoverQuery,
  plural: string,
  call: Pick<KubeCall, 'query' | 'accept'>,
  reduce: (object: T) => K | undefined,
): Promise<readonly K[]> {
  const paths = namespaces?.map((name) => namespacedPath('/api/v1', name, plural)) ?? [`/api/v1/${plural}`]
  const lists = paths.map(async (path) => {
    const items: K[] = []
    const list = { path, pageSize: PAGE_SIZE, ...call }
    for await (const page of listPages<T>(client, list, signal)) {
      for (const object of page.items ?? []) {
        const kept = reduce(object)
        if (kept !== undefined) items.push(kept)
      }
    }
    return items
  })
  return (await Promise.all(lists)).flat()
}

/** What was removed, as `namespace/name`. `left`: one line for each object that stays, with why. */
export interface Removed {
  readonly detached: readonly string[]
  readonly deleted: readonly string[]
  readonly left: readonly string[]
}

/**
 * Removes exactly these entries from ServiceAccounts and deletes these pull Secrets, with the
 * caller's rights (the helper itself may never delete). An object that changed meanwhile is kept
 * and reported in `left`.
 * @throws an error whose message names what was done before, if the API server does not respond or
 * the user interrupts
 */
export async function removeLeftovers(
  caller: KubeCaller,
  secretName: string,
  plan: Pick<Leftovers, 'accounts' | 'secrets'>,
): Promise<Removed> {
  const removed = { detached: [], deleted: [], left: [] }
  try {
    await removeObjects(caller, secretName, plan, removed)
    return removed
  } catch (error) {
    const done = describeDone(removed)
    if (!(error instanceof NopassError) || done.length === 0) throw error
    throw reworded(error, `${error.message} (done before: ${shorten(done, MOST_SHOWN, '; ')})`)
  }
}

const MOST_SHOWN = 10

const describeDone = ({ detached, deleted }: Removed): readonly string[] => [
  ...detached.map((name) => `detached ServiceAccount ${name}`),
  ...deleted.map((name) => `deleted Secret ${name}`),
]

/** Adds each removed object to `removed` at once, so that an error can name it. */
async function removeObjects(
  caller: KubeCaller,
  secretName: string,
  { accounts, secrets }: Pick<Leftovers, 'accounts' | 'secrets'>,
  { detached, deleted, left }: { readonly [list in keyof Removed]: string[] },
): Promise<void> {
  for (const { metadata, imagePullSecrets = [] } of accounts) {
    const rest = imagePullSecrets.filter(({ name }) => name !== secretName)
    const detach = () => replacePullSecrets(caller, metadata, rest)
    if (await attemptChange(`ServiceAccount ${keyOf(metadata)}`, left, detach)) detached.push(keyOf(metadata))
  }
  for (const { metadata } of secrets) {
    const path = namespacedPath('/api/v1', metadata.namespace ?? '', 'secrets', metadata.name)
    const title = `Secret ${keyOf(metadata)}`
    let held: string | undefined
    const remove = async (): Promise<void> => {
      held = await deleteAsRead(caller, path, metadata)
    }
    const isAccepted = await attemptChange(title, left, remove)
    if (held !== undefined) left.push(`${title}: ${held}`)
    else if (isAccepted) deleted.push(keyOf(metadata))
  }
}
