import type { Clock } from '../../lib/clock.ts'

/**
 * The cloud's time according to its responses. Signatures, expiries and schedules use this clock.
 */
export type CloudClock = ReturnType<typeof createCloudClock>

/** A `Date` header has whole seconds, so a smaller difference has no meaning. */
const RESOLUTION = 1500

/**
 * If the wall clock gains more than this on the monotonic clock, the machine slept or its clock was
 * set.
 */
const SLEPT_MS = 60_000

const EARLIEST = Date.UTC(2020)
const LATEST = Date.UTC(2200)

/**
 * Starts with the machine's clock. Follows the cloud's clock once responses differ by more than 1.5
 * s.
 */
export function createCloudClock(time: Pick<Clock, 'now' | 'monotonic'>) {
  let anchor = { cloud: time.now(), monotonic: time.monotonic() }
  let measured = false
  const wallAhead = (): number => time.now() - time.monotonic()
  let wallAheadThen = wallAhead()
  /** How far the API server's clock was ahead of the monotonic one. */
  let serverAhead = Number.POSITIVE_INFINITY
  const now = (): number => anchor.cloud + (time.monotonic() - anchor.monotonic)

  function follow(isCloud: boolean, dateHeader: string | undefined, sentAt: number): void {
    const date = Date.parse(dateHeader ?? '')
    // A Date cannot hold every number, and a time outside these years is certainly wrong.
    if (!(date > EARLIEST && date < LATEST)) return
    if (isCloud) {
      measured = true
      wallAheadThen = wallAhead()
    }
    const receivedAt = time.monotonic()
    const halfTrip = (receivedAt - sentAt) / 2
    const estimate = date + 500 + halfTrip
    if (!isCloud) serverAhead = estimate - receivedAt
    const later = estimate - now()
    if ((isCloud ? Math.abs(later) : later) > RESOLUTION + halfTrip) anchor = { cloud: estimate, monotonic: receivedAt }
  }

  return {
    /**
     * Epoch milliseconds on the cloud's clock. Until the cloud has responded, this is the later of
     * this machine's time and the API server's (docs/en/decisions.md#cloud-clock). After the
     * machine slept, the same applies.
     */
    now,
    /**
     * Like `now`, but the earliest possible time until the cloud has responded. Used where a valid
     * credential must not look expired.
     */
    atLeast: () => (measured ? now() : Math.min(now(), time.now(), time.monotonic() + serverAhead)),
    monotonic: () => time.monotonic(),
    /**
     * How far this machine's wall clock is ahead of the cloud's clock, in milliseconds; 0 until
     * measured.
     */
    skew: () => (measured ? Math.round(time.now() - now()) : 0),
    /**
     * Reads the `Date` header of the response to a request that was sent at `sentAt` (monotonic
     * milliseconds).
     */
    observe: (dateHeader: string | undefined, sentAt: number) => follow(true, dateHeader, sentAt),
    /** Like `observe`, for a response of the API server. */
    observeServer(dateHeader: string | undefined, sentAt: number): void {
      const gained = wallAhead() - wallAheadThen
      if (gained > SLEPT_MS) {
        // The monotonic clock stops while a machine sleeps. If the machine did not sleep but its
        // clock was set, the next response corrects this.
        anchor = { cloud: now() + gained, monotonic: time.monotonic() }
        wallAheadThen += gained
        measured = false
      }
      if (!measured) follow(false, dateHeader, sentAt)
    },
  }
}

/**
 * Measures the cloud's time of a request. Call this before the request, and the returned function
 * after the response, because the response may correct the clock.
 */
export function stopwatch(clock: CloudClock): () => number {
  const started = clock.monotonic()
  return () => clock.now() - (clock.monotonic() - started)
}
