import type { Clock } from '../../lib/clock.ts'

/** Calls `onSilence` once when nothing was heard for the time that is allowed; every `heard` starts it again. */
export interface Watchdog {
  heard(allowedMs?: number): void
  stop(): void
}

export function startWatchdog(clock: Clock, allowedMs: number, onSilence: () => void): Watchdog {
  let allowed = allowedMs
  let heardAt = clock.monotonic()
  let cancel = clock.after(allowed, check)
  let waitingUntil = heardAt + allowed
  // One timer, looked after when it fires, instead of a new one for each event.
  function check(): void {
    const left = heardAt + allowed - clock.monotonic()
    if (left <= 0) {
      onSilence()
      return
    }
    waitingUntil = clock.monotonic() + left
    cancel = clock.after(left, check)
  }
  return {
    heard(next = allowed) {
      allowed = next
      heardAt = clock.monotonic()
      if (heardAt + allowed >= waitingUntil) return
      cancel()
      waitingUntil = heardAt + allowed
      cancel = clock.after(allowed, check)
    },
    stop: () => cancel(),
  }
}
