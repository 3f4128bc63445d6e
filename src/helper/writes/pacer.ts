/** Spreads work evenly: at most `rate` a second, with what a pause of 50 ms saved up as the largest burst. */
export interface Pacer {
  setRate(perSecond: number): void
  /** Takes a turn and returns 0, or returns the milliseconds until there is one. */
  take(monotonic: number): number
}

const BURST_MS = 50

export function createPacer(perSecond: number): Pacer {
  let interval = 1000 / perSecond
  let next = Number.NEGATIVE_INFINITY
  return {
    setRate(rate) {
      interval = 1000 / rate
    },
    take(monotonic) {
      if (monotonic < next) return next - monotonic
      next = Math.max(monotonic - BURST_MS, next) + interval
      return 0
    },
  }
}

/** Writes a second for a rotation of `count` Secrets: as configured, but never so slow that it takes over a tenth of the token's life. */
export function rotationRate(refreshRate: number, count: number, lifeMs: number): number {
  return Math.max(refreshRate, lifeMs > 0 ? count / (lifeMs / 10 / 1000) : 0)
}
