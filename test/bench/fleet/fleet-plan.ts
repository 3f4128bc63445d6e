import type { ThrottleLimit } from './throttle.ts'

export const MINUTE = 60_000
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR

/** A time during which the region does not respond, in milliseconds since the start. */
export interface Outage {
  readonly from: number
  readonly until: number
}

/** The clusters of a fleet and the events of its run. */
export interface FleetPlan {
  readonly clusters: number
  /**
   * Session lifetimes of a cluster's registries, in milliseconds; the clusters use these in turn.
   */
  readonly lives: readonly (readonly number[])[]
  /**
   * The registries are lists of repositories of one instance, and no namespace has two of them.
   * Each has a limited credential of its own.
   */
  readonly limited?: true
  /** All clusters start at random times within this period. */
  readonly startWithin: number
  readonly outage?: Outage
  /** The account's limit of calls per second, for each operation. */
  readonly limit?: ThrottleLimit & { readonly retryAfterMs?: number }
  readonly length: number
  readonly seed: number
}

/** The same numbers for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
