import { type ReleaseParts, readPods } from '../../installation/release-watch.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import { type KubeCaller, MERGE_PATCH } from '../../kube/client.ts'
import { ANNOTATION_AWAITED_CONFIG } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'

/**
 * Makes the kubelets of the helper's Pods update the mounted configuration now. A kubelet syncs the
 * ConfigMap of a running Pod every 60 to 90 s (`syncFrequency` 1m plus jitter). If the Pod object
 * changes, the kubelet syncs immediately, so an annotation is enough. A deployer that may not patch
 * Pods has to wait.
 */
export async function pushConfig(caller: KubeCaller, parts: ReleaseParts): Promise<void> {
  if (parts.configHash === undefined) return
  const { client, signal } = caller
  const body = { metadata: { annotations: { [ANNOTATION_AWAITED_CONFIG]: parts.configHash } } }
  const pods = await ignoringRefusals(readPods(caller, parts))
  for (const { name } of pods ?? []) {
    const path = namespacedPath('/api/v1', parts.namespace, 'pods', name)
    await ignoringRefusals(client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal))
  }
}

async function ignoringRefusals<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof KubeApiError && error.status >= 400 && error.status < 500) return undefined
    throw error
  }
}
