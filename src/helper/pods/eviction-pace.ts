import type { PodView } from './pod-view.ts'

/** The result of an eviction. `blocked`: by a disruption budget or the API server; `gone`: the Pod has changed. */
export type EvictionOutcome = 'evicted' | 'blocked' | 'gone' | 'refused' | 'unavailable' | 'dry-run'

/** Limits evictions: one per owner and minute, few in total, and none that would not help. */
export interface EvictionPace {
  /** The Pods that may be evicted now, of those that an eviction should help. */
  choose(pods: readonly PodView[], now: number): readonly PodView[]
  /** Call before `note`: `pods` are all that are pending. `now`: monotonic milliseconds, as everywhere here. */
  begin(pod: PodView, pods: Iterable<PodView>, now: number): void
  note(pod: PodView, outcome: EvictionOutcome, retryAfterMs: number, now: number): void
  /** Created after an eviction of the same owner and still without our entry, so another eviction would not help. */
  isUnhelped(pod: PodView, now: number): boolean
}

interface OwnerRecord {
  readonly until: number
  /** Pods that were there when one was last evicted. */
  readonly known: ReadonlySet<string>
  /** Undefined: none was evicted yet. */
  readonly evictedAt: number | undefined
}

const WINDOW_MS = 60_000
const MOST_IN_WINDOW = 5
/** So long an eviction that did not help keeps others from being tried. */
const MEMORY_MS = 60 * 60_000

export function createEvictionPace(): EvictionPace {
  const owners = new Map<string, OwnerRecord>()
  let begun: readonly number[] = []
  const isUnhelped = (pod: PodView, now: number): boolean => {
    const record = owners.get(pod.owner?.uid ?? '')
    if (record?.evictedAt === undefined || now - record.evictedAt >= MEMORY_MS) return false
    return !record.known.has(pod.uid)
  }
  return {
    isUnhelped,
    choose(pods, now) {
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
    begin(pod, pods, now) {
      const { uid = '' } = pod.owner ?? {}
      begun = [...begun, now]
      const before = owners.get(uid)
      // A Pod that is there already was made before the eviction, whatever the clocks say.
      const siblings = [...pods].filter(({ owner }) => owner?.uid === uid).map((one) => one.uid)
      const known = before?.evictedAt === undefined ? new Set(siblings) : before.known
      owners.set(uid, { until: now + WINDOW_MS, known, evictedAt: before?.evictedAt })
    },
    note(pod, outcome, retryAfterMs, now) {
      const { uid = '' } = pod.owner ?? {}
      const record = owners.get(uid)
      if (record === undefined) return
      // One that changed in between was not touched: its newer self may be tried at once.
      const until = outcome === 'gone' ? now : Math.max(record.until, now + retryAfterMs)
      owners.set(uid, { ...record, until, evictedAt: outcome === 'evicted' ? now : record.evictedAt })
    },
  }
}
