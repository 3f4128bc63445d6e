import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { ANNOTATION_REFRESH_REQUESTED } from '../../kube/names.ts'

/** Asks the helper for new tokens now, as `acr-nopass refresh` does. */
export async function requestRefresh(client: KubeClient, signal: AbortSignal): Promise<void> {
  const annotations = { [ANNOTATION_REFRESH_REQUESTED]: new Date().toISOString() }
  const path = '/api/v1/namespaces/acr-nopass/configmaps/acr-nopass-status'
  await client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { metadata: { annotations } } }, signal)
}
