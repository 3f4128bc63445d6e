import type { Clock } from '../lib/clock.ts'

/** A cold start or a rotation of fewer namespaces leaves little. */
const REQUESTS = 1_000
const PERIOD_MS = 2_000
/** The Lease is also renewed in a quiet period. */
const FEW = 10

/**
 * Collects garbage when many requests are over, because V8 would often keep it until the next time (docs/en/decisions.md#memory).
 * Returns a function to call for each request. `collect` is undefined where Node runs without `--expose-gc`; nothing is collected then.
 */
export function collectWhenQuiet(clock: Clock, collect: (() => void) | undefined): () => void {
  let requests = 0
  let isWaiting = false
  const wait = (seen: number): void => {
    isWaiting = true
    clock.after(PERIOD_MS, () => {
      if (requests - seen > FEW) return wait(requests)
      isWaiting = false
      requests = 0
      collect?.()
    })
  }
  return () => {
    requests += 1
    if (collect && !isWaiting && requests >= REQUESTS) wait(requests)
  }
}
