import type { ObjectMeta } from './types.ts'

export interface Lease {
  readonly metadata: ObjectMeta
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

/** client-go's LeaseDuration, RenewDeadline and RetryPeriod, in milliseconds. */
export interface LeaseDurations {
  readonly leaseMs: number
  readonly renewDeadlineMs: number
  readonly retryMs: number
}

/**
 * A holder's duration is capped at this multiple of our own. Without the cap, one write of a huge
 * duration would block leadership for years.
 */
const LONGEST_FACTOR = 4

/**
 * Returns the duration that the holder wrote (milliseconds), capped. If the holder wrote none,
 * returns our own duration.
 */
export function leaseMs(lease: Lease, durations: LeaseDurations): number {
  const written = lease.spec?.leaseDurationSeconds
  if (typeof written !== 'number' || !(written > 0)) return durations.leaseMs
  return Math.min(written * 1000, LONGEST_FACTOR * durations.leaseMs)
}

/**
 * The API's field is an int32 (k8s.io/api/coordination/v1). A larger sum is refused, and every
 * acquisition fails with it.
 */
const MOST_TRANSITIONS = 2 ** 31 - 1

/**
 * Adds one to the written count. Starts at 0 if that is impossible, because any client that may
 * write the lease can set any count.
 */
function nextTransitions(written: unknown): number {
  const before = Number.isInteger(written) ? (written as number) : 0
  return before >= 0 && before < MOST_TRANSITIONS ? before + 1 : 0
}

export function acquiredSpec(lease: Lease, identity: string, durations: LeaseDurations, now: number): Lease['spec'] {
  const time = microTime(now)
  const { holderIdentity: before, leaseTransitions: count } = lease.spec ?? {}
  const transitions = before === identity ? (count ?? 0) : nextTransitions(count)
  return {
    holderIdentity: identity,
    leaseDurationSeconds: writtenSeconds(durations),
    acquireTime: time,
    renewTime: time,
    leaseTransitions: transitions,
  }
}

/** Writes our own duration again, because another client may have changed the duration. */
export function renewedSpec(lease: Lease, durations: LeaseDurations, now: number): Lease['spec'] {
  return { ...lease.spec, leaseDurationSeconds: writtenSeconds(durations), renewTime: microTime(now) }
}

/** Releases a lease as client-go does: no holder, a duration of one second. */
export function releasedSpec(lease: Lease, now: number): Lease['spec'] {
  const { acquireTime: _removed, ...spec } = lease.spec ?? {}
  return { ...spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) }
}

function writtenSeconds({ leaseMs }: LeaseDurations): number {
  return Math.max(1, Math.round(leaseMs / 1000))
}

/** Kubernetes' MicroTime: RFC 3339 with six digits. */
function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z')
}
