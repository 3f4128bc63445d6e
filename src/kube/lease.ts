import { type Clock, sleep } from '../lib/clock.ts'
import { hasStatus, KubeApiError } from './api-error.ts'
import { APPLY, type KubeClient } from './client.ts'
import { acquiredSpec, type Lease, type LeaseDurations, leaseMs, releasedSpec, renewedSpec } from './lease-record.ts'
import { FIELD_MANAGER } from './names.ts'
import { namespacedPath } from './types.ts'
import { isOlderVersion } from './watch/store.ts'
import { startWatchdog } from './watch/timing.ts'

export interface LeaseOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly namespace: string
  readonly name: string
  /** Unique to this process's Pod. */
  readonly identity: string
  readonly durations?: LeaseDurations | undefined
  readonly onAcquired: () => void
  readonly onProblem: (error: unknown) => void
  /**
   * Called when this replica created the lease, because it did not exist for 30 s (Helm creates it
   * after the Deployment).
   */
  readonly onCreated: () => void
  /**
   * Called with true if this replica could not create the missing lease, and with false once the
   * lease exists again.
   */
  readonly onMissing: (missing: boolean) => void
  /**
   * Called with the error if the API server refuses to let this replica read or take the free
   * lease. Called with undefined once the refusal ends.
   */
  readonly onRefused: (error: KubeApiError | undefined) => void
  /**
   * Called if the lease has an older version than before, because etcd was restored from a backup.
   */
  readonly onRewound: () => void
}

export type LeaseElector = ReturnType<typeof createLeaseElector>

const LEASE_DURATIONS: LeaseDurations = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }
const RELEASE_TIMEOUT_MS = 3_000
/** If other clients edit a lease more often than this, it is not released and has to expire. */
const RELEASE_TRIES = 5
const MISSING_MS = 30_000
/** A watch that ends sooner is a failure and followed by a pause. */
const SHORT_WATCH_MS = 1_000
/**
 * A wall clock that is adjusted smoothly goes back by less than this between two renewals
 * (milliseconds).
 */
const SLEW_MS = 1_000

const FREE = new Error('the lease may be free')

/**
 * Leader election as in client-go, on a Lease that the chart renders. If nobody applies the Lease,
 * a replica does. Another holder's lease has expired if it did not change for its duration on our
 * own monotonic clock. The clocks of two machines are never compared.
 */
export function createLeaseElector(options: LeaseOptions) {
  const { client, clock, identity } = options
  const durations = options.durations ?? LEASE_DURATIONS
  const list = namespacedPath('/apis/coordination.k8s.io/v1', options.namespace, 'leases')
  const path = `${list}/${encodeURIComponent(options.name)}`
  const timeoutMs = Math.max(1_000, durations.renewDeadlineMs / 2)
  const lane = 'lease'
  let leading = false
  /** True once this leader was too late to write. It never becomes false again. */
  let lapsed = false
  let missing = false
  let refused = false
  let wrote = false
  let missingSince: number | undefined
  /**
   * When the last renewal was sent, on the monotonic clock (`at`) and on the wall clock (`when`).
   */
  let renewed = { at: Number.NEGATIVE_INFINITY, when: Number.NEGATIVE_INFINITY }
  let seen: Lease | undefined
  /** The version of the newest lease that was read. If it is '', every version counts as new. */
  let newest = ''
  let seenAt = Number.NEGATIVE_INFINITY

  // While a machine sleeps, its monotonic clock stops and its wall clock continues. A wall clock
  // that was set back may hide a sleep. If a wall clock was set back without a sleep, a leader ends
  // needlessly and starts again.
  const inTime = (): boolean => {
    const onWallClock = clock.now() - renewed.when
    const longest = Math.max(clock.monotonic() - renewed.at, onWallClock)
    const isOver = longest >= durations.renewDeadlineMs || onWallClock <= -SLEW_MS
    // This is permanent, because the writes that were skipped meanwhile would be missing.
    lapsed ||= leading && isOver
    return !isOver && !lapsed
  }
  const noteRefused = (error: KubeApiError | undefined): void => {
    if ((error !== undefined) === refused) return
    refused = error !== undefined
    options.onRefused(error)
  }
  const noteMissing = (isMissing: boolean): void => {
    missingSince = isMissing ? missingSince : undefined
    if (isMissing === missing) return
    missing = isMissing
    options.onMissing(missing)
  }
  /**
   * Creates the lease if it has not existed for a while. It has no holder, because two replicas
   * that apply the same lease both succeed. A later write that names the lease's version acquires
   * it (docs/en/decisions.md#rendered-lease).
   */
  const restore = async (signal: AbortSignal): Promise<void> => {
    missingSince ??= clock.monotonic()
    if (clock.monotonic() - missingSince < MISSING_MS) return
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: options.name } }
    const query = { fieldManager: FIELD_MANAGER }
    try {
      await client.request({ method: 'PATCH', path, query, body, contentType: APPLY, timeoutMs, lane }, signal)
      missingSince = undefined
      options.onCreated()
    } catch (error) {
      if (signal.aborted) throw error
      options.onProblem(error)
      noteMissing(true)
    }
  }
  const observe = (lease: Lease): void => {
    noteMissing(false)
    const { resourceVersion } = lease.metadata
    if (!isOlderVersion(resourceVersion, newest)) newest = resourceVersion
    if (resourceVersion === seen?.metadata.resourceVersion) return
    seen = lease
    seenAt = clock.monotonic()
  }
  const read = async (signal: AbortSignal, limitMs = timeoutMs): Promise<Lease> => {
    const lease = await client.request<Lease>({ method: 'GET', path, timeoutMs: limitMs, lane }, signal)
    // The lease is read every few seconds. A restored server needs much longer to pass the known
    // version.
    if (isOlderVersion(lease.metadata.resourceVersion, newest)) {
      newest = ''
      options.onRewound()
    }
    observe(lease)
    return lease
  }
  // A stop never aborts this write: its result would be unknown, and a lease that is not released
  // blocks all other replicas.
  const write = async (lease: Lease, spec: Lease['spec'], limitMs = timeoutMs): Promise<void> => {
    const sent = { at: clock.monotonic(), when: clock.now() }
    wrote = true
    const body = { ...lease, spec }
    observe(await client.request<Lease>({ method: 'PUT', path, body, timeoutMs: limitMs, lane }))
    // The lease's time is counted from before the request, because other replicas count from when
    // they see the write. A response after the deadline does not count.
    if (leading && !inTime()) return
    renewed = sent
  }
  const isFree = (lease: Lease): boolean =>
    !lease.spec?.holderIdentity ||
    lease.spec.holderIdentity === identity ||
    clock.monotonic() >= seenAt + leaseMs(lease, durations)

  /** Resolves when the lease is released or expires, or the watch ends. */
  async function waitForFree(lease: Lease, signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const openedAt = clock.monotonic()
    const left = seenAt + leaseMs(lease, durations) - openedAt
    let changed = false
    const watchdog = startWatchdog(clock, Math.max(0, left), () => stop.abort(FREE))
    const query = { fieldSelector: `metadata.name=${options.name}`, resourceVersion: lease.metadata.resourceVersion }
    try {
      await client.watch<Lease>(
        { path: list, query: { ...query, timeoutSeconds: 300 } },
        ({ type, object }) => {
          if (type === 'ERROR' || type === 'DELETED') stop.abort(new KubeApiError(0, `the watch of the lease: ${type}`))
          // A bookmark holds only a version, so it would look like a lease without a holder.
          if (type !== 'ADDED' && type !== 'MODIFIED') return
          changed = true
          observe(object)
          if (isFree(object)) stop.abort(FREE)
          else watchdog.reset(leaseMs(object, durations))
        },
        AbortSignal.any([signal, stop.signal]),
      )
      if (!changed && clock.monotonic() - openedAt < SHORT_WATCH_MS) {
        throw new KubeApiError(0, 'the watch of the lease ended immediately', { code: 'KUBE_UNREACHABLE' })
      }
    } catch (error) {
      if (stop.signal.reason !== FREE) throw error
    } finally {
      watchdog.stop()
    }
  }

  async function follow(signal: AbortSignal): Promise<void> {
    let conflicts = 0
    for (;;) {
      try {
        const lease = await read(signal)
        if (isFree(lease)) {
          await write(lease, acquiredSpec(lease, identity, durations, clock.now()))
          noteRefused(undefined)
          signal.throwIfAborted()
          return
        }
        // Another replica leads, so the lease can be written.
        noteRefused(undefined)
        conflicts = 0
        await waitForFree(lease, signal)
      } catch (error) {
        if (signal.aborted) throw error
        if (hasStatus(error, 404)) await restore(signal)
        // These refusals do not end by themselves; a person has to act
        // (docs/en/decisions.md#rendered-lease).
        if (hasStatus(error, 400, 403, 413, 422)) noteRefused(error)
        // Another follower was faster. The lease is read again immediately, but only once.
        conflicts = hasStatus(error, 409) ? conflicts + 1 : 0
        if (conflicts === 1) continue
        options.onProblem(error)
        await sleep(clock, durations.retryMs * (1 + 0.2 * options.random()), signal)
      }
    }
  }

  /**
   * Returns true if the lease has another holder. A failure is only reported, because the deadline
   * decides whether this replica still leads.
   */
  async function renew(signal: AbortSignal): Promise<boolean> {
    const deadline = renewed.at + durations.renewDeadlineMs
    // A response after the deadline is useless. Waiting for it would delay the end of this
    // leadership.
    const limitMs = (): number => Math.max(1, Math.min(timeoutMs, deadline - clock.monotonic()))
    // After a conflict (another client changed a label or the holder), the lease is read once and
    // written again immediately.
    for (const known of [seen, undefined]) {
      try {
        const lease = known ?? (await read(signal, limitMs()))
        if (lease.spec?.holderIdentity !== identity) return true
        await write(lease, renewedSpec(lease, durations, clock.now()), limitMs())
        return false
      } catch (error) {
        options.onProblem(error)
        if (!hasStatus(error, 409)) return false
        seen = undefined
      }
    }
    return false
  }

  async function lead(signal: AbortSignal): Promise<void> {
    let startedAt = clock.monotonic()
    for (;;) {
      // After a renewal that timed out, the next renewal follows without a further pause.
      const rest = startedAt + durations.retryMs - clock.monotonic()
      await sleep(clock, Math.max(durations.retryMs / 10, rest), signal)
      // This also applies after a pause of the whole process. A lease that was not renewed in time
      // is lost, even if no one took it.
      if (!inTime()) return
      startedAt = clock.monotonic()
      const isTaken = await renew(signal)
      // If a renewal completes after the deadline, the lease is lost too, because work was refused
      // since the deadline.
      if (isTaken || !inTime()) return
    }
  }

  /**
   * Also releases a lease that was acquired at the moment of the stop. After a conflict, or without
   * a response, the lease is read again.
   */
  async function release(): Promise<void> {
    if (!wrote) return
    const stop = new AbortController()
    const cancel = clock.after(RELEASE_TIMEOUT_MS, () => stop.abort(new Error('the lease was not released in time')))
    try {
      for (let tries = 0; tries < RELEASE_TRIES; tries += 1) {
        const lease = seen?.spec?.holderIdentity === identity ? seen : await read(stop.signal)
        if (lease.spec?.holderIdentity !== identity) return
        try {
          return await write(lease, releasedSpec(lease, clock.now()), RELEASE_TIMEOUT_MS)
        } catch (error) {
          if (!hasStatus(error, 409)) throw error
          seen = undefined
        }
      }
    } catch (error) {
      options.onProblem(error)
    } finally {
      cancel()
    }
  }

  return {
    /**
     * True if a write may be started now: on both clocks the last renewal is younger than the
     * deadline. Once false, it stays false. If the response to a renewal comes after the deadline,
     * the lease is lost.
     */
    isLeader: (): boolean => leading && inTime(),
    /** The holder at the time when the lease was last read. */
    get holder() {
      return missing ? undefined : seen?.spec?.holderIdentity || undefined
    },
    /** True if the lease does not exist and could not be created. No replica can lead then. */
    get missing() {
      return missing
    },
    /** True if the API server refuses to let this replica take the lease. */
    get refused() {
      return refused
    },
    /**
     * Follows, then leads. Returns `lost`, or `stopped` once the lease is released after the
     * signal.
     */
    async run(signal: AbortSignal): Promise<'lost' | 'stopped'> {
      try {
        await follow(signal)
        leading = true
        lapsed = false
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
