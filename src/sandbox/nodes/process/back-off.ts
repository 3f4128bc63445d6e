/** How long a container rests before its next start; the kubelet's rule. */
export interface BackOff {
  /** Milliseconds until the next start, after a run of `ranMs`. */
  next(ranMs: number): number
}

const CALM_MS = 10 * 60_000

/** At once after the first end, then `firstMs` doubling to five minutes; forgotten after ten minutes of running. */
export function createBackOff(firstMs: number, longestMs = 300_000): BackOff {
  let wait = 0
  return {
    next(ranMs) {
      if (ranMs >= CALM_MS) wait = 0
      const now = wait
      wait = wait === 0 ? firstMs : Math.min(wait * 2, longestMs)
      return now
    },
  }
}
