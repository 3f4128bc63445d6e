import type { Clock } from '../../lib/clock.ts'

export type Watchdog = ReturnType<typeof startWatchdog>

/** Calls `onTimeout` once if `reset` is not called for `timeoutMs` milliseconds. */
export function startWatchdog(clock: Clock, timeoutMs: number, onTimeout: () => void) {
  let timeout = timeoutMs
  let cancel = clock.after(timeout, onTimeout)
  return {
    /** Restarts the timeout. `next` also changes its length. */
    reset(next: number = timeout): void {
      cancel()
      timeout = next
      cancel = clock.after(timeout, onTimeout)
    },
    stop: () => cancel(),
  }
}

const FIRST_MIN_MS = 50
const FIRST_SPREAD_MS = 100
const SECOND_MS = 800
const CAP_MS = 30_000
/** The backoff starts over after this time without a failure. */
const RESET_MS = 120_000
/**
 * The backoff also starts over after a stream that was open this long. A proxy that cuts idle
 * streams every minute is not an overloaded server.
 */
const HEALTHY_MS = 10_000

/**
 * Computes the waits of one watch: 50-150 ms, then 0.8 s doubling to 30 s, with jitter of up to 100
 * %.
 */
export function createReconnectBackoff(random: () => number) {
  let failures = 0
  let lastFailure = Number.NEGATIVE_INFINITY
  return {
    /**
     * Returns the milliseconds until the next try. The failure was at `monotonic` time, and its
     * stream was open for `openMs`.
     */
    next(monotonic: number, openMs = 0): number {
      if (monotonic - lastFailure > RESET_MS || openMs >= HEALTHY_MS) failures = 0
      failures += 1
      lastFailure = monotonic
      if (failures === 1) return FIRST_MIN_MS + random() * FIRST_SPREAD_MS
      const base = Math.min(CAP_MS, SECOND_MS * 2 ** (failures - 2))
      return Math.min(CAP_MS, base * (1 + random()))
    },
  }
}
