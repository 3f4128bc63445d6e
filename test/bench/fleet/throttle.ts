/** The rate limit of one operation. The vendor does not publish its limits. */
export interface ThrottleLimit {
  readonly perSecond: number
  /** Calls admitted at once after a pause; default: those of one second. */
  readonly burst?: number | undefined
}

/**
 * Flow control as in the vendor's gateways: one token bucket per operation; throttled calls take no
 * token.
 */
export interface Throttle {
  /**
   * Whether a call of this operation is admitted; `now` is in milliseconds of a monotonic clock.
   */
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
