import { type KubeClient, MERGE_PATCH } from '../kube/client.ts'
import { ANNOTATION_REFRESH_REQUESTED } from '../kube/names.ts'
import { namespacedPath } from '../kube/types.ts'

/** Requests new tokens from a running helper by an annotation on its status ConfigMap; it reacts within a second. */
export async function requestRefresh(
  client: KubeClient,
  status: { readonly namespace: string; readonly name: string },
  at: Date,
  signal?: AbortSignal,
): Promise<void> {
  const annotations = { [ANNOTATION_REFRESH_REQUESTED]: at.toISOString() }
  const path = namespacedPath('/api/v1', status.namespace, 'configmaps', status.name)
  await client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { metadata: { annotations } } }, signal)
}
