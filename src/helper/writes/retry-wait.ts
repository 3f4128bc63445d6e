/**
 * The wait before a key is retried. A number is in milliseconds. `backoff` doubles from 100 ms to a
 * minute. `slowlyUpToMs` grows fourfold from one second to this limit, because a refusal (a quota
 * that is counted late, a webhook that starts) ends within seconds or lasts long.
 */
export type RetryWait = number | 'backoff' | { readonly slowlyUpToMs: number }

const BACKOFF_MS = 100
const BACKOFF_CAP_MS = 60_000
const SLOW_MS = 1000

/**
 * Returns the milliseconds until the next attempt. `failures`: how many attempts failed before the
 * last failure; `random`: 0 to 1.
 */
export function waitBeforeRetry(wait: RetryWait, failures: number, random: number): number {
  if (typeof wait === 'number') return wait
  // Large enough to reach every cap, and small enough to stay finite.
  const power = Math.min(failures, 30)
  if (wait === 'backoff') return random * Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** power)
  return (0.5 + random / 2) * Math.min(wait.slowlyUpToMs, SLOW_MS * 4 ** power)
}
