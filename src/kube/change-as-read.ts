import { KubeApiError } from './api-error.ts'
import { type KubeCaller, MERGE_PATCH } from './client.ts'
import { heldBy } from './managed-fields.ts'
import { type KubeObject, namespacedPath } from './types.ts'

type Metadata = KubeObject['metadata']

/**
 * Deletes an object in the version that was read; returns what keeps it from going ({@link
 * heldBy}).
 */
export async function deleteAsRead(
  { client, signal }: KubeCaller,
  path: string,
  { uid, resourceVersion }: Metadata,
): Promise<string | undefined> {
  const body = { preconditions: { uid, resourceVersion }, propagationPolicy: 'Background' }
  return heldBy((await client.request<Partial<KubeObject>>({ method: 'DELETE', path, body }, signal)) ?? {})
}

/**
 * Writes the whole list of a ServiceAccount, which is atomic, with the version that was read as
 * precondition.
 */
export function replacePullSecrets(
  { client, signal }: KubeCaller,
  { namespace = '', name, uid, resourceVersion }: Metadata,
  imagePullSecrets: readonly unknown[],
): Promise<Partial<KubeObject>> {
  const path = namespacedPath('/api/v1', namespace, 'serviceaccounts', name)
  const body = { metadata: { uid, resourceVersion }, imagePullSecrets }
  return client.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH }, signal)
}

/**
 * Returns whether it was done. A refusal or a conflict is added to `left`; an object that is
 * already deleted is fine.
 */
export async function attempt(title: string, left: string[], work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof KubeApiError) || error.status === 0) throw error
    if (error.status !== 404) left.push(`${title}: ${error.code}`)
    return false
  }
}
