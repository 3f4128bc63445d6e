import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { namespacedPath } from '../../kube/types.ts'
import type { EvictionOutcome } from './eviction-pace.ts'
import type { PodView } from './pod-view.ts'

export interface EvictionResult {
  readonly outcome: EvictionOutcome
  /** What the API server asked us to wait, milliseconds. */
  readonly retryAfterMs: number
  readonly error?: unknown
}

/** Evicts a Pod with preconditions: one that has changed since is left alone. */
export async function evictPod(client: KubeClient, pod: PodView, signal: AbortSignal): Promise<EvictionResult> {
  const { namespace, name, uid, resourceVersion } = pod
  const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/eviction`
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid, resourceVersion } },
  }
  try {
    await client.request({ method: 'POST', path, body }, signal)
    return { outcome: 'evicted', retryAfterMs: 0 }
  } catch (error) {
    const { status = 0, retryAfterMs = 0 } = error instanceof KubeApiError ? error : {}
    return { outcome: outcomeOf(status), retryAfterMs, error }
  }
}

function outcomeOf(status: number): EvictionOutcome {
  if (status === 429) return 'blocked'
  if (status === 404 || status === 409) return 'gone'
  return status >= 400 && status < 500 ? 'refused' : 'unavailable'
}
