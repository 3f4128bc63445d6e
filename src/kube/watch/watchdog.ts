import type { Clock } from '../../lib/clock.ts'

/** Calls `onTimeout` once when `reset` was not called for the timeout, milliseconds. */
export interface Watchdog {
  /** Starts the timeout again; `timeoutMs` also changes it. */
  reset(timeoutMs?: number): void
  stop(): void
}

export function startWatchdog(clock: Clock, timeoutMs: number, onTimeout: () => void): Watchdog {
  let timeout = timeoutMs
  let resetAt = clock.monotonic()
  let cancel = clock.after(timeout, check)
  let firesAt = resetAt + timeout
  // One timer that is checked when it fires, instead of a new one for each event.
  function check(): void {
    const left = resetAt + timeout - clock.monotonic()
    if (left <= 0) {
      onTimeout()
      return
    }
    firesAt = clock.monotonic() + left
    cancel = clock.after(left, check)
  }
  return {
    reset(next = timeout) {
      timeout = next
      resetAt = clock.monotonic()
      if (resetAt + timeout >= firesAt) return
      cancel()
      firesAt = resetAt + timeout
      cancel = clock.after(timeout, check)
    },
    stop: () => cancel(),
  }
}
