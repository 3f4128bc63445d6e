export interface TimeSource {
  /** Wall clock, epoch milliseconds. */
  wall(): number
  /** Milliseconds that only ever grow, whatever happens to the wall clock. */
  monotonic(): number
}

/** The cloud's time as its answers tell it: what signatures, expiries and schedules are counted in. */
export interface CloudClock {
  /** Epoch milliseconds on the cloud's clock. */
  now(): number
  /** How far this machine's wall clock runs ahead of the cloud's, milliseconds; 0 until measured. */
  skew(): number
  /** Learns from the `Date` header of an answer to a request sent at `sentAt` (monotonic milliseconds). */
  observe(dateHeader: string | undefined, sentAt: number): void
  monotonic(): number
}

/** A `Date` header has whole seconds, so a smaller difference is no evidence. */
const RESOLUTION = 1500

const EARLIEST = Date.UTC(2020)
const LATEST = Date.UTC(2200)

/** A clock that starts as the machine's own and follows the cloud's once answers disagree by more than 1.5 s. */
export function createCloudClock(time: TimeSource): CloudClock {
  let anchor = { cloud: time.wall(), monotonic: time.monotonic() }
  let measured = false
  const now = (): number => anchor.cloud + (time.monotonic() - anchor.monotonic)
  return {
    now,
    monotonic: () => time.monotonic(),
    skew: () => (measured ? Math.round(time.wall() - now()) : 0),
    observe(dateHeader, sentAt) {
      const date = Date.parse(dateHeader ?? '')
      // Only what can be a time of this program's life: a date beyond could not even be written down.
      if (!(date > EARLIEST && date < LATEST)) return
      measured = true
      const receivedAt = time.monotonic()
      const halfWay = (receivedAt - sentAt) / 2
      const estimate = date + 500 + halfWay
      if (Math.abs(estimate - now()) > RESOLUTION + halfWay) anchor = { cloud: estimate, monotonic: receivedAt }
    },
  }
}

/** This machine's clocks. */
export function systemTime(): TimeSource {
  return { wall: () => Date.now(), monotonic: () => performance.now() }
}

/**
 * The cloud's time at which something was asked for: call it before, and what it returns after the answer, which may
 * have corrected the clock.
 */
export function stopwatch(clock: CloudClock): () => number {
  const started = clock.monotonic()
  return () => clock.now() - (clock.monotonic() - started)
}
