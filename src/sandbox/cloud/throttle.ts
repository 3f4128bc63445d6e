/** How many calls of one operation an account may make; the vendor's own figures are not published. */
export interface ThrottleLimit {
  readonly perSecond: number
  /** Calls that may come at once after a pause; default: those of one second. */
  readonly burst?: number | undefined
}

/** Flow control as the vendor's gateways do it: each operation has a bucket of its own, and a refused call costs nothing. */
export interface Throttle {
  /** Whether a call of this operation passes now (milliseconds that only grow). */
  admits(operation: string, now: number): boolean
}

export function createThrottle({ perSecond, burst = perSecond }: ThrottleLimit): Throttle {
  const most = Math.max(1, burst)
  const buckets = new Map<string, { left: number; at: number }>()
  return {
    admits(operation, now) {
      const bucket = buckets.get(operation) ?? { left: most, at: now }
      buckets.set(operation, bucket)
      bucket.left = Math.min(most, bucket.left + ((now - bucket.at) / 1000) * perSecond)
      bucket.at = now
      if (bucket.left < 1) return false
      bucket.left -= 1
      return true
    },
  }
}
