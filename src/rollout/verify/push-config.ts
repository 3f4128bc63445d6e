import { KubeApiError } from '../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { ANNOTATION_AWAITED_CONFIG } from '../../kube/names.ts'
import { type ReleaseParts, readPods } from '../../release/release-watch.ts'

/**
 * Has the nodes of the helper's Pods read its configuration now. A kubelet looks at the ConfigMap of a running Pod every 60 to 90 s
 * (`syncFrequency` 1m and its jitter of a half), but at once when the Pod's own object changes: an annotation is enough. Who may
 * not write Pods waits.
 */
export async function pushConfig(client: KubeClient, parts: ReleaseParts, signal: AbortSignal): Promise<void> {
  if (parts.configHash === undefined) return
  const body = { metadata: { annotations: { [ANNOTATION_AWAITED_CONFIG]: parts.configHash } } }
  const pods = await ignoringRefusals(readPods(client, parts, signal))
  for (const { name } of pods ?? []) {
    const path = `/api/v1/namespaces/${parts.namespace}/pods/${name}`
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
