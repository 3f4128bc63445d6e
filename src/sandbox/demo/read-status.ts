import type { KubeClient } from '../../kube/client.ts'
import { namespacedPath } from '../../kube/types.ts'
import { type HelperStatus, STATUS_KEY } from '../../release/helper-status.ts'

/** Where the helper of the demo's release reports. */
export const STATUS_OBJECT = { namespace: 'acr-nopass', name: 'acr-nopass-status' } as const

/** The helper's own report in a cluster; undefined before the first. */
export async function readStatus(client: KubeClient, signal: AbortSignal): Promise<HelperStatus | undefined> {
  const path = namespacedPath('/api/v1', STATUS_OBJECT.namespace, 'configmaps', STATUS_OBJECT.name)
  const { data } = await client.request<{ data?: Record<string, string> }>({ method: 'GET', path }, signal)
  const text = data?.[STATUS_KEY]
  return text === undefined ? undefined : (JSON.parse(text) as HelperStatus)
}
