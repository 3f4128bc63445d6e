import type { Clock } from '../../lib/clock.ts'

export interface RefreshTimerOptions {
  readonly clock: Clock
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: () => number
  /** Called when a time is set and by `arm`. */
  readonly mayWait: () => boolean
  readonly onDue: () => void
}

/** A timer waits at most this long at once, because the clock may be corrected: by hours after a machine slept. */
const LONGEST_WAIT_MS = 60_000

/** One time on the cloud's clock, which may be corrected while the timer waits for it. */
export class RefreshTimer {
  readonly #options: RefreshTimerOptions
  #due = Number.POSITIVE_INFINITY
  /** The same on the monotonic clock, which stays right when the cloud's time corrects the clock. */
  #dueMonotonic = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(options: RefreshTimerOptions) {
    this.#options = options
  }

  get isSet(): boolean {
    return this.#due !== Number.POSITIVE_INFINITY
  }

  setAt(time: number): void {
    this.#due = time
    this.#dueMonotonic = Number.POSITIVE_INFINITY
    this.arm()
  }

  setIn(ms: number): void {
    const { clock, cloudNow } = this.#options
    this.#due = cloudNow() + ms
    this.#dueMonotonic = clock.monotonic() + ms
    this.arm()
  }

  /** Waits again for the time that was set, and at least until `earliest` (monotonic milliseconds). */
  arm(earliest = Number.NEGATIVE_INFINITY): void {
    const { clock, mayWait, onDue } = this.#options
    this.stop()
    if (!mayWait()) return
    const wait = Math.min(this.#left(), LONGEST_WAIT_MS)
    this.#cancel = clock.after(Math.max(0, wait, earliest - clock.monotonic()), () => {
      if (this.#left() <= 0) onDue()
      else this.arm()
    })
  }

  stop(): void {
    this.#cancel?.()
  }

  #left(): number {
    const { clock, cloudNow } = this.#options
    return Math.min(this.#due - cloudNow(), this.#dueMonotonic - clock.monotonic())
  }
}
