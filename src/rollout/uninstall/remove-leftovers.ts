import { KubeApiError } from '../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { heldBy } from '../../kube/managed-fields.ts'
import { type KubeObject, keyOf, namespacedPath } from '../../kube/types.ts'
import { findLeftovers } from './find-leftovers.ts'
import type { LeftoverQuery, Leftovers } from './leftovers.ts'

export interface Removal extends Pick<Leftovers, 'kept' | 'copies'> {
  readonly detached: number
  readonly deleted: number
  /** Objects that could not be changed, with the reason. */
  readonly left: readonly string[]
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
    const { namespace = '', name: account, uid, resourceVersion } = metadata
    const path = namespacedPath('/api/v1', namespace, 'serviceaccounts', account)
    const rest = imagePullSecrets.filter(({ name }) => name !== secretName)
    const body = { metadata: { uid, resourceVersion }, imagePullSecrets: rest }
    const patch = () => client.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH }, signal)
    if (await attempt(patch, `ServiceAccount ${keyOf(metadata)}`, left)) detached++
  }
  let deleted = 0
  for (const { metadata } of secrets) {
    const { namespace = '', name, uid, resourceVersion } = metadata
    const path = namespacedPath('/api/v1', namespace, 'secrets', name)
    const body = { preconditions: { uid, resourceVersion } }
    const title = `Secret ${keyOf(metadata)}`
    const remove = async (): Promise<void> => {
      const response = await client.request<Partial<KubeObject>>({ method: 'DELETE', path, body }, signal)
      const held = heldBy(response)
      if (held !== undefined) left.push(`${title}: ${held}`)
    }
    if (await attempt(remove, title, left)) deleted++
  }
  return { detached, deleted, kept, copies, left }
}

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
