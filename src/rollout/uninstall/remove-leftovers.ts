import { attempt, deleteAsRead, replacePullSecrets } from '../../kube/change-as-read.ts'
import type { KubeCaller } from '../../kube/client.ts'
import { keyOf, namespacedPath } from '../../kube/types.ts'
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
export async function findAndRemoveLeftovers(caller: KubeCaller, own: LeftoverQuery): Promise<Removal> {
  return removeLeftovers(caller, own.secretName, await findLeftovers(caller, own))
}

/** Removes exactly these, entries before Secrets. An object that changed meanwhile is kept and reported. */
export async function removeLeftovers(
  { client, signal }: KubeCaller,
  secretName: string,
  { accounts, secrets, kept, copies }: Leftovers,
): Promise<Removal> {
  const left: string[] = []
  let detached = 0
  for (const { metadata, imagePullSecrets = [] } of accounts) {
    const rest = imagePullSecrets.filter(({ name }) => name !== secretName)
    const detach = () => replacePullSecrets(client, metadata, rest, signal)
    if (await attempt(`ServiceAccount ${keyOf(metadata)}`, left, detach)) detached++
  }
  let deleted = 0
  for (const { metadata } of secrets) {
    const path = namespacedPath('/api/v1', metadata.namespace ?? '', 'secrets', metadata.name)
    const title = `Secret ${keyOf(metadata)}`
    const remove = async (): Promise<void> => {
      const held = await deleteAsRead(client, path, metadata, signal)
      if (held !== undefined) left.push(`${title}: ${held}`)
    }
    if (await attempt(title, left, remove)) deleted++
  }
  return { detached, deleted, kept, copies, left }
}
