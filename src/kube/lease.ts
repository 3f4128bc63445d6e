import { KubeApiError } from './api-error.ts'
import type { KubeClient } from './client.ts'
import { type Clock, sleep } from './clock.ts'
import {
  acquiredSpec,
  type Lease,
  type LeaseDurations,
  leaseSeconds,
  releasedSpec,
  renewedSpec,
} from './lease-record.ts'
import { namespacedPath } from './types.ts'
import { startWatchdog } from './watchdog.ts'

export interface LeaseOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly namespace: string
  readonly name: string
  /** Unique to this process's Pod. */
  readonly identity: string
  readonly durations?: LeaseDurations
  readonly onAcquired: () => void
  readonly onProblem?: (error: unknown) => void
}

export interface LeaseElector {
  /** Whether a write may be started now: the lease was renewed less than the renew deadline ago, on the monotonic clock. */
  holds(): boolean
  /** Who held it when last seen. */
  readonly holder: string | undefined
  /** Follows, then leads; ends with `lost`, or with `stopped` after the signal, when the lease has been given back. */
  run(signal: AbortSignal): Promise<'lost' | 'stopped'>
}

const LEASE_DURATIONS: LeaseDurations = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }
const RELEASE_TIMEOUT_MS = 3_000

/**
 * Leader election on a Lease that exists (the chart renders it, so that nobody needs the right to create one). Another's
 * lease has expired when it was not seen to change for its duration on our own monotonic clock; clocks are never compared.
 */
export function createLeaseElector(options: LeaseOptions): LeaseElector {
  const { client, clock, identity } = options
  const durations = options.durations ?? LEASE_DURATIONS
  const list = namespacedPath('/apis/coordination.k8s.io/v1', options.namespace, 'leases')
  const path = `${list}/${encodeURIComponent(options.name)}`
  const timeoutMs = Math.max(1_000, durations.renewDeadlineMs / 2)
  let leading = false
  let renewedAt = Number.NEGATIVE_INFINITY
  let seen: Lease | undefined
  let seenAt = Number.NEGATIVE_INFINITY

  const observe = (lease: Lease): void => {
    if (lease.metadata.resourceVersion === seen?.metadata.resourceVersion) return
    seen = lease
    seenAt = clock.monotonic()
  }
  const read = async (signal: AbortSignal): Promise<Lease> => {
    const lease = await client.request<Lease>({ method: 'GET', path, timeoutMs }, signal)
    observe(lease)
    return lease
  }
  // Never broken off by a stop: nobody would know whether it was done, and a lease that is not given back holds all others up.
  const write = async (lease: Lease, spec: Lease['spec'], limitMs = timeoutMs): Promise<void> => {
    const askedAt = clock.monotonic()
    const body = { ...lease, spec }
    observe(await client.request<Lease>({ method: 'PUT', path, body, timeoutMs: limitMs }))
    // Counted from before the request: the others count from when they see it.
    renewedAt = askedAt
  }
  const isFree = (lease: Lease): boolean =>
    !lease.spec?.holderIdentity ||
    lease.spec.holderIdentity === identity ||
    clock.monotonic() >= seenAt + leaseSeconds(lease, durations) * 1000

  /** Until the lease changes hands to nobody, expires, or the watch ends. */
  async function waitForFree(lease: Lease, signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const left = seenAt + leaseSeconds(lease, durations) * 1000 - clock.monotonic()
    const watchdog = startWatchdog(clock, Math.max(0, left), () => stop.abort())
    const query = { fieldSelector: `metadata.name=${options.name}`, resourceVersion: lease.metadata.resourceVersion }
    try {
      await client.watch<Lease>(
        { path: list, query: { ...query, timeoutSeconds: 300 } },
        ({ type, object }) => {
          if (type === 'ERROR' || type === 'DELETED') stop.abort()
          if (type !== 'ADDED' && type !== 'MODIFIED') return
          observe(object)
          if (isFree(object)) stop.abort()
          else watchdog.heard(leaseSeconds(object, durations) * 1000)
        },
        AbortSignal.any([signal, stop.signal]),
      )
    } catch (error) {
      if (!stop.signal.aborted) throw error
    } finally {
      watchdog.stop()
    }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        const lease = await read(signal)
        if (isFree(lease)) {
          await write(lease, acquiredSpec(lease, identity, durations, clock.now()))
          signal.throwIfAborted()
          return
        }
        await waitForFree(lease, signal)
      } catch (error) {
        if (signal.aborted) throw error
        // Another follower was quicker: look again at once.
        if (isConflict(error)) continue
        options.onProblem?.(error)
        await sleep(clock, durations.retryMs * (1 + 0.2 * options.random()), signal)
      }
    }
  }

  async function renew(signal: AbortSignal): Promise<'renewed' | 'failed' | 'changed' | 'lost'> {
    try {
      const lease = seen ?? (await read(signal))
      if (lease.spec?.holderIdentity !== identity) return 'lost'
      await write(lease, renewedSpec(lease, clock.now()))
      return 'renewed'
    } catch (error) {
      if (signal.aborted) throw error
      options.onProblem?.(error)
      // Whoever changed it (a label, another leader): the next try reads what it is now.
      if (!isConflict(error)) return 'failed'
      seen = undefined
      return 'changed'
    }
  }

  async function lead(signal: AbortSignal): Promise<void> {
    let last: Awaited<ReturnType<typeof renew>> = 'renewed'
    while (last !== 'lost') {
      if (last !== 'changed') await sleep(clock, durations.retryMs, signal)
      // Also after a pause of the whole process: what was not renewed in time is given up, even if nobody took it.
      if (clock.monotonic() >= renewedAt + durations.renewDeadlineMs) return
      last = await renew(signal)
    }
  }

  /** Also one that was taken in the moment of the stop. What somebody edited is read again. */
  async function release(): Promise<void> {
    const signal = AbortSignal.timeout(RELEASE_TIMEOUT_MS)
    try {
      while (seen?.spec?.holderIdentity === identity) {
        try {
          await write(seen, releasedSpec(seen, clock.now()), RELEASE_TIMEOUT_MS)
        } catch (error) {
          if (!isConflict(error)) throw error
          await read(signal)
        }
      }
    } catch (error) {
      options.onProblem?.(error)
    }
  }

  return {
    holds: () => leading && clock.monotonic() < renewedAt + durations.renewDeadlineMs,
    get holder() {
      return seen?.spec?.holderIdentity || undefined
    },
    async run(signal) {
      try {
        await follow(signal)
        leading = true
        options.onAcquired()
        await lead(signal)
        return 'lost'
      } catch (error) {
        if (!signal.aborted) throw error
        await release()
        return 'stopped'
      } finally {
        leading = false
      }
    },
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof KubeApiError && error.status === 409
}
