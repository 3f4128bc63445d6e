/**
 * How long until a key is tried again: so many milliseconds; `backoff`, doubling from 100 ms to a minute; or slowly, fourfold from a
 * second: what refuses now (a quota that is counted late, a webhook that starts) is often gone in a moment, and else for long.
 */
export type RetryWait = number | 'backoff' | { readonly slowlyUpToMs: number }

const BACKOFF_MS = 100
const BACKOFF_CAP_MS = 60_000
const SLOW_MS = 1000

/** Milliseconds until the next attempt after `failures` failures before this one; `random`: 0 to 1. */
export function waitBeforeRetry(wait: RetryWait, failures: number, random: number): number {
  if (typeof wait === 'number') return wait
  // A power beyond all caps, and finite.
  const power = Math.min(failures, 30)
  if (wait === 'backoff') return random * Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** power)
  return (0.5 + random / 2) * Math.min(wait.slowlyUpToMs, SLOW_MS * 4 ** power)
}
