import type { Clock } from '../lib/clock.ts'

/** A cold start or a rotation of fewer namespaces leaves little. */
const REQUESTS = 1_000
const PERIOD_MS = 2_000
/** Renewals of the Lease and the like go on. */
const FEW = 10

/**
 * Collects garbage when a rush of requests is over, where V8 would often keep it until the next one (docs/en/decisions.md#memory).
 * Returns what to call for each request. Without `collect` it does nothing: Node has it with `--expose-gc` alone.
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
