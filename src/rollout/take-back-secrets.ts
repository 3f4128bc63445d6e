import { KubeApiError } from '../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH, METADATA_ONLY_LIST } from '../kube/client.ts'
import { listOwner } from '../kube/managed-fields.ts'
import { FIELD_MANAGER, LABEL_INSTANCE, LABEL_MANAGED_BY, MANAGED_BY } from '../kube/names.ts'
import type { KubeObject } from '../kube/types.ts'

/** What a release left in the cluster outside of its own namespace. */
export interface Leftovers {
  /** ServiceAccounts that name the pull secret. */
  readonly accounts: readonly LeftAccount[]
  /** Our pull secrets, as metadata. */
  readonly secrets: readonly KubeObject[]
}

export interface LeftAccount extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

export interface TakenBack {
  readonly detached: number
  readonly deleted: number
  /** What could not be done, for the report. */
  readonly left: readonly string[]
  /** ServiceAccounts whose list another manager wrote: not ours to change (P12). */
  readonly kept?: readonly LeftAccount[]
}

export interface Own {
  readonly secretName: string
  /** `<release namespace>.<release name>`. */
  readonly instance: string
}

/**
 * Removes our entry from every ServiceAccount and deletes our pull secrets, with the rights of whoever runs this (the
 * helper itself may never delete). Secrets are listed as metadata and only ours, by their labels, are deleted.
 */
export async function takeBackSecrets(client: KubeClient, own: Own, signal: AbortSignal): Promise<TakenBack> {
  const { chosen, kept } = chooseOurs(await findLeftovers(client, own, signal))
  return { ...(await removeLeftovers(client, own.secretName, chosen, signal)), kept }
}

export interface Choice {
  readonly chosen: Leftovers
  /** Entries that another manager wrote: not ours to take away. */
  readonly kept: readonly LeftAccount[]
}

/**
 * P12: only what is ours. An atomic list belongs to its last writer; with none on record it counts as ours (decision 1).
 * @param all whatever was written by whom
 */
export function chooseOurs(found: Leftovers, all = false): Choice {
  const isOurs = ({ metadata }: LeftAccount): boolean => {
    const owner = listOwner(metadata.managedFields)
    return all || owner === undefined || owner.manager === FIELD_MANAGER
  }
  return {
    chosen: { ...found, accounts: found.accounts.filter(isOurs) },
    kept: found.accounts.filter((account) => !isOurs(account)),
  }
}

/** Looks for them; changes nothing. */
export async function findLeftovers(client: KubeClient, own: Own, signal: AbortSignal): Promise<Leftovers> {
  const labelSelector = `${LABEL_MANAGED_BY}=${MANAGED_BY},${LABEL_INSTANCE}=${own.instance}`
  const query = { labelSelector, fieldSelector: `metadata.name=${own.secretName}` }
  const accept = METADATA_ONLY_LIST
  const [accounts, secrets] = await Promise.all([
    client.request<{ items: readonly LeftAccount[] }>({ method: 'GET', path: '/api/v1/serviceaccounts' }, signal),
    client.request<{ items: readonly KubeObject[] | null }>(
      { method: 'GET', path: '/api/v1/secrets', query, accept },
      signal,
    ),
  ])
  return {
    accounts: accounts.items.filter(({ imagePullSecrets = [] }) =>
      imagePullSecrets.some(({ name }) => name === own.secretName),
    ),
    // An empty list of metadata comes as null.
    secrets: secrets.items ?? [],
  }
}

/** Takes away exactly these, entries before Secrets; an object that has changed meanwhile is left and said. */
export async function removeLeftovers(
  client: KubeClient,
  secretName: string,
  { accounts, secrets }: Leftovers,
  signal: AbortSignal,
): Promise<TakenBack> {
  const left: string[] = []
  let detached = 0
  for (const { metadata, imagePullSecrets = [] } of accounts) {
    const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${metadata.name}`
    const { uid, resourceVersion } = metadata
    const kept = imagePullSecrets.filter(({ name }) => name !== secretName)
    const body = { metadata: { uid, resourceVersion }, imagePullSecrets: kept }
    const patch = () => client.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH }, signal)
    if (await attempt(patch, `ServiceAccount ${metadata.namespace}/${metadata.name}`, left)) detached++
  }
  let deleted = 0
  for (const { metadata } of secrets) {
    const path = `/api/v1/namespaces/${metadata.namespace}/secrets/${metadata.name}`
    const body = { preconditions: { uid: metadata.uid } }
    const remove = () => client.request({ method: 'DELETE', path, body }, signal)
    if (await attempt(remove, `Secret ${metadata.namespace}/${metadata.name}`, left)) deleted++
  }
  return { detached, deleted, left }
}

/** A refusal or a race is reported and the rest goes on; gone already is done. */
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
