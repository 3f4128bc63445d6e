import { MINUTE } from './fleet-plan.ts'
import type { FleetRun } from './simulate-fleet.ts'

/** The results of a run of a fleet. */
export interface FleetFigures {
  /** Calls per second, in the quiet time before the outage (or the end). */
  readonly mean: number
  /** Requests for a session from STS per second, in the same time. */
  readonly sessions: number
  /** The busiest window of that time, relative to its mean. */
  readonly peak: number
  /**
   * The time from which on all windows stay within 1.5 times the mean, in lifetimes after the
   * start. NaN if there is none.
   */
  readonly spreadAfterStart: number
  /** The same after the end of the outage. */
  readonly spreadAfterOutage: number
  /**
   * Seconds after the start until each cluster had its tokens, and after the outage until no token
   * was expired.
   */
  readonly readyAfter: number
  readonly recoveredAfter: number
  /**
   * The largest share of a token's lifetime that had passed when its successor was everywhere, in
   * percent, while the region responded.
   */
  readonly mostUsed: number
  /** Calls in the busiest second. */
  readonly busiestSecond: number
  /** Throttled calls for each successful one. */
  readonly refusedEach: number
  /** Length of a window in milliseconds. */
  readonly window: number
}

/** The limit for all windows, relative to the mean. */
export const SPREAD_OUT = 1.5
/** The minimum number of calls in a window, because fewer calls are uneven by chance. */
const ENOUGH = 300

/**
 * `life`: the lifetime of the longest-lived token, in milliseconds. After a start or an outage,
 * calls may take three lifetimes to spread out again.
 */
export function readFigures({ plan, counts, rotations }: FleetRun, life: number): FleetFigures {
  const { outage, length } = plan
  const quiet = { from: 3 * life, until: outage?.from ?? length }
  const calls = sum(counts.requests, quiet.from, quiet.until)
  const seconds = (quiet.until - quiet.from) / 1000
  const mean = calls / seconds
  const window = MINUTE * Math.max(1, Math.ceil(ENOUGH / (mean * 60)))
  const busy = (from: number, until: number): number[] => {
    const windows: number[] = []
    for (let at = from; at + window <= until; at += window) {
      windows.push(sum(counts.requests, at, at + window) / (window / 1000) / mean)
    }
    return windows
  }
  const livesUntilSpread = (from: number, until: number): number => {
    const last = busy(from, until).findLastIndex((times) => times > SPREAD_OUT)
    return ((last + 1) * window) / life
  }
  const over = rotations.filter(({ at, left }) => outage && at >= outage.from && left !== undefined && left < 0)
  const recovered = Math.max(outage?.until ?? 0, largest(over.map(({ at }) => at)))
  const answered = rotations.filter(({ at }) => !outage || at < outage.from || at > recovered)
  const served = counts.requests.reduce((all, one) => all + one, 0) - counts.refused.reduce((all, one) => all + one, 0)
  return {
    mean,
    sessions: sum(counts.sessions, quiet.from, quiet.until) / seconds,
    peak: largest(busy(quiet.from, quiet.until)),
    spreadAfterStart: livesUntilSpread(0, quiet.until),
    spreadAfterOutage: outage ? livesUntilSpread(outage.until, length) : Number.NaN,
    readyAfter: largest(rotations.map(({ at, left }) => (left === undefined ? at : 0))) / 1000,
    recoveredAfter: outage ? (recovered - outage.until) / 1000 : Number.NaN,
    mostUsed: largest(answered.map(({ left }) => (left === undefined ? 0 : (1 - left) * 100))),
    busiestSecond: largest(counts.requests),
    refusedEach: counts.refused.reduce((all, one) => all + one, 0) / served,
    window,
  }
}

/**
 * Calls per second relative to the mean, by hours after a moment, cut off at `most`: a line of a
 * plot.
 */
export function callsAfter(
  { counts, plan }: FleetRun,
  { mean }: FleetFigures,
  from: number,
  length: number,
  most: number,
): readonly (readonly [hours: number, times: number])[] {
  const step = 5 * MINUTE
  const points: [number, number][] = []
  for (let at = from; at + step <= Math.min(plan.length, from + length); at += step) {
    const times = sum(counts.requests, at, at + step) / (step / 1000) / mean
    points.push([(at - from + step / 2) / (60 * MINUTE), Math.min(most, times)])
  }
  return points
}

/** From one time to another, in milliseconds. */
function sum(counts: Uint32Array, from: number, until: number): number {
  return counts.subarray(Math.floor(from / 1000), Math.floor(until / 1000)).reduce((all, one) => all + one, 0)
}

/** Spreading millions into Math.max overflows the stack. */
function largest(values: Iterable<number>): number {
  let most = Number.NEGATIVE_INFINITY
  for (const value of values) if (value > most) most = value
  return most
}
