import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { namespacedPath } from '../../kube/types.ts'
import type { PodView } from './pod-view.ts'

export interface EvictionResult {
  readonly outcome: EvictionOutcome
  /** The API server's Retry-After, in milliseconds. */
  readonly retryAfterMs: number
  readonly error?: unknown
}

/** Evicts a Pod with preconditions, so that a Pod that has changed since is not evicted. */
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

/**
 * The result of an eviction. `blocked`: a disruption budget or the API server refused it for now.
 * `gone`: the Pod was deleted or has changed.
 */
export type EvictionOutcome = 'evicted' | 'blocked' | 'gone' | 'refused' | 'unavailable'

interface OwnerRecord {
  readonly until: number
  /** UIDs of the Pods that existed before the first remembered eviction. */
  readonly known: ReadonlySet<string>
  /** Undefined if no Pod of this owner was evicted yet. */
  readonly evictedAt: number | undefined
}

const WINDOW_MS = 60_000
const MOST_IN_WINDOW = 5
/** How long an eviction that did not help prevents further evictions for the same owner. */
const MEMORY_MS = 60 * 60_000

/**
 * Limits evictions to one per owner and minute, and to a few in total. Prevents evictions that
 * would not help. `now`: monotonic milliseconds.
 */
export function createEvictionPace() {
  const owners = new Map<string, OwnerRecord>()
  let begun: readonly number[] = []
  /**
   * True if the Pod was created after an eviction of the same owner and still lacks our entry.
   * Another eviction would not help.
   */
  const isUnhelped = (pod: PodView, now: number): boolean => {
    const record = owners.get(pod.owner?.uid ?? '')
    if (record?.evictedAt === undefined || now - record.evictedAt >= MEMORY_MS) return false
    return !record.known.has(pod.uid)
  }
  return {
    isUnhelped,
    /** Returns which of these Pods may be evicted now. */
    choose(pods: readonly PodView[], now: number): readonly PodView[] {
      begun = begun.filter((at) => now - at < WINDOW_MS)
      for (const [uid, { evictedAt, until }] of owners) {
        if (now >= until && now - (evictedAt ?? until) >= MEMORY_MS) owners.delete(uid)
      }
      const taken = new Set<string>()
      const chosen: PodView[] = []
      for (const pod of pods) {
        const { uid = '' } = pod.owner ?? {}
        if (begun.length + chosen.length >= MOST_IN_WINDOW) break
        if (taken.has(uid) || now < (owners.get(uid)?.until ?? 0) || isUnhelped(pod, now)) continue
        taken.add(uid)
        chosen.push(pod)
      }
      return chosen
    },
    /** Call before `note`. `pods`: all pending Pods. */
    begin(pod: PodView, pods: Iterable<PodView>, now: number): void {
      const { uid = '' } = pod.owner ?? {}
      begun = [...begun, now]
      const before = owners.get(uid)
      // Compare by existence, not by time: Pods that exist now were created before the eviction,
      // even if clocks differ.
      const siblings = [...pods].filter(({ owner }) => owner?.uid === uid).map((one) => one.uid)
      const known = before?.evictedAt === undefined ? new Set(siblings) : before.known
      owners.set(uid, { until: now + WINDOW_MS, known, evictedAt: before?.evictedAt })
    },
    note(pod: PodView, outcome: EvictionOutcome, retryAfterMs: number, now: number): void {
      const { uid = '' } = pod.owner ?? {}
      const record = owners.get(uid)
      if (record === undefined) return
      // A Pod that changed meanwhile was not evicted. It may be evicted again immediately.
      const until = outcome === 'gone' ? now : Math.max(record.until, now + retryAfterMs)
      owners.set(uid, { ...record, until, evictedAt: outcome === 'evicted' ? now : record.evictedAt })
    },
  }
}
