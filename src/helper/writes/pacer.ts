export type Pacer = ReturnType<typeof createPacer>

const BURST_MS = 50

/** Limits the rate to `rate` per second, with a burst of at most 50 ms' worth. */
export function createPacer(perSecond: number) {
  let interval = 1000 / perSecond
  let next = Number.NEGATIVE_INFINITY
  return {
    setRate(rate: number): void {
      interval = 1000 / rate
    },
    /**
     * Takes a turn and returns 0. If no turn is free, returns the milliseconds until the next one.
     */
    take(monotonic: number): number {
      if (monotonic < next) return next - monotonic
      next = Math.max(monotonic - BURST_MS, next) + interval
      return 0
    },
  }
}

/**
 * Returns the writes per second for a rotation of `count` Secrets: the configured rate, or more if
 * the rotation would otherwise take over a tenth of the token's lifetime.
 * @param lifeMs lifetime of the token; 0: it does not expire
 */
export function rotationRate(refreshRate: number, count: number, lifeMs: number): number {
  return Math.max(refreshRate, lifeMs > 0 ? count / (lifeMs / 10 / 1000) : 0)
}

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
