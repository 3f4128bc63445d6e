const FIRST_MIN_MS = 50
const FIRST_SPREAD_MS = 100
const SECOND_MS = 800
const CAP_MS = 30_000
/** The backoff starts over after this time without a failure. */
const RESET_MS = 120_000
/** It also starts over after a stream that was open this long: a proxy that cuts idle streams every minute is not an overloaded server. */
const HEALTHY_MS = 10_000

/** The waits of one watch: 50-150 ms, then 0.8 s doubling to 30 s, with jitter of up to 100 %. */
export interface ReconnectBackoff {
  /** Milliseconds until the next try, after a failure at `monotonic` time of a stream that was open for `openMs`. */
  next(monotonic: number, openMs?: number): number
}

export function createReconnectBackoff(random: () => number): ReconnectBackoff {
  let failures = 0
  let lastFailure = Number.NEGATIVE_INFINITY
  return {
    next(monotonic, openMs = 0) {
      if (monotonic - lastFailure > RESET_MS || openMs >= HEALTHY_MS) failures = 0
      failures += 1
      lastFailure = monotonic
      if (failures === 1) return FIRST_MIN_MS + random() * FIRST_SPREAD_MS
      const base = Math.min(CAP_MS, SECOND_MS * 2 ** (failures - 2))
      return Math.min(CAP_MS, base * (1 + random()))
    },
  }
}
