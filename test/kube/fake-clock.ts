import type { Clock } from '../../src/lib/clock.ts'

/** A clock that only moves when a test moves it. */
export interface FakeClock extends Clock {
  /** Moves the clock forward, runs the timers that become due, and waits for their effects. */
  advance(ms: number): Promise<void>
  /** Moves the clock to the next timer. Returns false if there is none. */
  next(): Promise<boolean>
  /** Moves the clock forward without running timers, as for a process that was stopped. */
  pause(ms: number): void
  /** Simulates a machine that sleeps: moves only the wall clock. A negative number sets it back. */
  suspend(ms: number): void
  readonly timers: number
}

export function createFakeClock(start: number = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
  let elapsed = 0
  let slept = 0
  let order = 0
  const waiting = new Map<number, { at: number; callback: () => void }>()
  const due = (): [number, { at: number; callback: () => void }] | undefined =>
    [...waiting].sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0]
  const fire = async (until: number): Promise<void> => {
    for (;;) {
      await settle()
      const first = due()
      if (first === undefined || first[1].at > until) break
      waiting.delete(first[0])
      elapsed = Math.max(elapsed, first[1].at)
      first[1].callback()
    }
    elapsed = until
  }
  return {
    now: () => start + elapsed + slept,
    monotonic: () => elapsed,
    after(ms, callback) {
      const id = ++order
      waiting.set(id, { at: elapsed + Math.max(0, ms), callback })
      return () => waiting.delete(id)
    },
    advance: (ms) => fire(elapsed + ms),
    async next() {
      await settle()
      const first = due()
      if (first === undefined) return false
      await fire(first[1].at)
      return true
    },
    pause(ms) {
      elapsed += ms
    },
    suspend(ms) {
      slept += ms
    },
    get timers() {
      return waiting.size
    },
  }
}

/** Waits until all promises that can settle have settled. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
