import { type HelperStatus, STATUS_KEY } from '../../acr/helper-status.ts'
import type { KubeClient } from '../../kube/client.ts'

/** The helper's own report in a cluster; undefined before the first. */
export async function readStatus(client: KubeClient, signal: AbortSignal): Promise<HelperStatus | undefined> {
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass-status'
  const { data } = await client.request<{ data?: Record<string, string> }>({ method: 'GET', path }, signal)
  const text = data?.[STATUS_KEY]
  return text === undefined ? undefined : (JSON.parse(text) as HelperStatus)
}
