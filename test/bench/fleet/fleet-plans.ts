import { DAY, type FleetPlan, HOUR, MINUTE } from './fleet-plan.ts'
import type { FleetRun } from './simulate-fleet.ts'

const BASE = { startWithin: MINUTE, seed: 20_260_101 } as const

/**
 * One registry with tokens that last an hour; all start within a minute; a region is down for an
 * hour half-way.
 */
export function weekPlan(clusters: number, days: number): FleetPlan {
  const half = (days * DAY) / 2
  return { ...BASE, clusters, lives: [[HOUR]], length: days * DAY, outage: { from: half, until: half + HOUR } }
}

/** The same over a day, with a limit of calls per second for each operation of the account. */
export function throttledPlan(clusters: number, perSecond: number, burst: number = perSecond): FleetPlan {
  return { ...weekPlan(clusters, 1), limit: { perSecond, burst } }
}

/** The longest lifetime of a mixed fleet. */
export const MIXED_LIFE: number = 12 * HOUR

/**
 * Clusters with one registry whose tokens last an hour, twelve hours or a quarter of an hour, and
 * clusters with two registries of equal or different lifetimes.
 */
export function mixedPlan(clusters: number): FleetPlan {
  const lives = [[HOUR], [12 * HOUR], [HOUR / 4], [HOUR, HOUR], [HOUR, 12 * HOUR]]
  return { ...BASE, clusters, lives, length: 4 * DAY, outage: { from: 2 * DAY, until: 2 * DAY + HOUR } }
}

/** Each cluster has limited credentials for this many lists of repositories of one instance. */
export function limitedPlan(clusters: number, lists: number): FleetPlan {
  return { ...weekPlan(clusters, 1), lives: [Array.from({ length: lists }, () => HOUR)], limited: true }
}

/** Rotations of a cluster in an hour of steady state, by the lists of lifetimes. */
export function rotationsAnHour({ plan, rotations }: FleetRun): readonly number[] {
  const [from, until] = [36 * HOUR, 48 * HOUR]
  const counts = plan.lives.map(() => 0)
  for (const { at, cluster } of rotations) {
    const kind = cluster % plan.lives.length
    if (at >= from && at < until) counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts.map((count) => (count / (plan.clusters / plan.lives.length) / (until - from)) * HOUR)
}
