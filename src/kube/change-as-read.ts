import { KubeApiError } from './api-error.ts'
import { type KubeCaller, MERGE_PATCH } from './client.ts'
import { heldBy } from './managed-fields.ts'
import { type KubeObject, namespacedPath } from './types.ts'

type Metadata = KubeObject['metadata']

/**
 * Deletes an object in the version that was read. Returns what delays its removal ({@link heldBy}).
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
 * Writes the whole list of a ServiceAccount, because the list is atomic. The version that was read
 * is the precondition.
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
 * Returns true if `work` changed its object. Adds a refusal or a conflict to `left`. An object that
 * is already deleted is neither changed nor left.
 */
export async function attemptChange(title: string, left: string[], work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof KubeApiError) || error.status === 0) throw error
    if (error.status !== 404) left.push(`${title}: ${error.code}`)
    return false
  }
}
