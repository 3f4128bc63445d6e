import type { Clock } from '../../lib/clock.ts'

/** The cloud's time as its responses report it; signatures, expiries and schedules use it. */
export type CloudClock = ReturnType<typeof createCloudClock>

/** A `Date` header has whole seconds, so a smaller difference means nothing. */
const RESOLUTION = 1500

/**
 * A wall clock that gains more than this on the monotonic one: the machine slept, or its clock was
 * set.
 */
const SLEPT_MS = 60_000

const EARLIEST = Date.UTC(2020)
const LATEST = Date.UTC(2200)

/**
 * Starts as the machine's clock, and follows the cloud's once responses differ by more than 1.5 s.
 */
export function createCloudClock(time: Pick<Clock, 'now' | 'monotonic'>) {
  let anchor = { cloud: time.now(), monotonic: time.monotonic() }
  let measured = false
  const wallAhead = (): number => time.now() - time.monotonic()
  let wallAheadThen = wallAhead()
  const now = (): number => anchor.cloud + (time.monotonic() - anchor.monotonic)

  function follow(isCloud: boolean, dateHeader: string | undefined, sentAt: number): void {
    const date = Date.parse(dateHeader ?? '')
    // A Date cannot hold every number, and a time outside of these years is certainly wrong.
    if (!(date > EARLIEST && date < LATEST)) return
    if (isCloud) {
      measured = true
      wallAheadThen = wallAhead()
    }
    const receivedAt = time.monotonic()
    const halfTrip = (receivedAt - sentAt) / 2
    const estimate = date + 500 + halfTrip
    const later = estimate - now()
    if ((isCloud ? Math.abs(later) : later) > RESOLUTION + halfTrip) anchor = { cloud: estimate, monotonic: receivedAt }
  }

  return {
    /**
     * Epoch milliseconds on the cloud's clock; until the cloud has answered, the later of this
     * machine's time and the API server's (docs/en/decisions.md#cloud-clock). The same after the
     * machine slept.
     */
    now,
    monotonic: () => time.monotonic(),
    /**
     * How far this machine's wall clock is ahead of the cloud's, milliseconds; 0 until measured.
     */
    skew: () => (measured ? Math.round(time.now() - now()) : 0),
    /**
     * Takes the `Date` header of the response to a request sent at `sentAt` (monotonic
     * milliseconds).
     */
    observe: (dateHeader: string | undefined, sentAt: number) => follow(true, dateHeader, sentAt),
    /** The same of the API server's response. */
    observeServer(dateHeader: string | undefined, sentAt: number): void {
      const gained = wallAhead() - wallAheadThen
      if (gained > SLEPT_MS) {
        // The monotonic clock stands still while a machine sleeps. If its clock was only set, the
        // next response corrects this.
        anchor = { cloud: now() + gained, monotonic: time.monotonic() }
        wallAheadThen += gained
        measured = false
      }
      if (!measured) follow(false, dateHeader, sentAt)
    },
  }
}

/**
 * Call it before a request, and its result after the response, which may have corrected the clock:
 * it returns the cloud's time of the request.
 */
export function stopwatch(clock: CloudClock): () => number {
  const started = clock.monotonic()
  return () => clock.now() - (clock.monotonic() - started)
}
