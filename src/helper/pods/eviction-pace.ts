import type { PodView } from './pod-view.ts'

/** How an eviction ended. `blocked`: a disruption budget or the API server says not now; `gone`: the Pod is another one by now. */
export type EvictionOutcome = 'evicted' | 'blocked' | 'gone' | 'refused' | 'unavailable' | 'dry-run'

/** Which Pods may be evicted when: one of an owner in a minute, few in all, and none that an eviction did not help. */
export interface EvictionPace {
  /** Of these Pods, which an eviction would help as far as is known, those that may be evicted now. */
  choose(pods: readonly PodView[], now: number): readonly PodView[]
  /** Call before `note`: `pods` are all that are pending. `now`: monotonic milliseconds, as everywhere here. */
  begin(pod: PodView, pods: Iterable<PodView>, now: number): void
  note(pod: PodView, outcome: EvictionOutcome, retryAfterMs: number, now: number): void
  /** Made after an eviction of its owner's, and yet without our entry: another eviction would do no better. */
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
