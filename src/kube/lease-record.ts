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

/** How long a lease stands, after what time without a renewal its holder gives up, and the pause between tries. */
export interface LeaseDurations {
  readonly leaseMs: number
  readonly renewDeadlineMs: number
  readonly retryMs: number
}

/** The duration that the holder wrote, seconds; ours where it wrote none. */
export function leaseSeconds(lease: Lease, durations: LeaseDurations): number {
  return lease.spec?.leaseDurationSeconds ?? durations.leaseMs / 1000
}

export function acquiredSpec(lease: Lease, identity: string, durations: LeaseDurations, now: number): Lease['spec'] {
  const time = microTime(now)
  const before = lease.spec?.holderIdentity
  const transitions = (lease.spec?.leaseTransitions ?? 0) + (before === identity ? 0 : 1)
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.round(durations.leaseMs / 1000)),
    acquireTime: time,
    renewTime: time,
    leaseTransitions: transitions,
  }
}

export function renewedSpec(lease: Lease, now: number): Lease['spec'] {
  return { ...lease.spec, renewTime: microTime(now) }
}

/** As client-go gives a lease back: no holder, a second to live. */
export function releasedSpec(lease: Lease, now: number): Lease['spec'] {
  const { acquireTime: _gone, ...spec } = lease.spec ?? {}
  return { ...spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) }
}

/** Kubernetes' MicroTime: RFC 3339 with six digits. */
function microTime(now: number): string {
  return new Date(now).toISOString().replace(/Z$/, '000Z')
}
