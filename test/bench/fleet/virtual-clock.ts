import type { Clock } from '../../../src/lib/clock.ts'

/** A virtual clock, on which weeks take seconds. */
export interface VirtualClock extends Clock {
  /**
   * Work that runs now continues in promises, which are settled before time advances. Called by
   * code that resolves one.
   */
  touch(): void
  /** Advances to this time, in milliseconds since the start. */
  runTo(end: number, signal?: AbortSignal): Promise<void>
}

interface Timer {
  readonly at: number
  readonly order: number
  callback: (() => void) | undefined
}

const START = Date.parse('2026-01-05T00:00:00Z')

/**
 * Timers by the second in which they are due: a fleet has tens of millions, nearly all of them
 * within the next minute.
 */
export function createVirtualClock(): VirtualClock {
  const seconds = new Map<number, Timer[]>()
  let elapsed = 0
  let order = 0
  let touched = false
  /** The current second, sorted, and the next timer in it. */
  let running = -1
  let current: Timer[] = []
  let next = 0

  const insert = (timer: Timer): void => {
    let [low, high] = [next, current.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = current[middle]
      if (other === undefined || other.at > timer.at) high = middle
      else low = middle + 1
    }
    current.splice(low, 0, timer)
  }

  async function runSecond(second: number): Promise<void> {
    running = second
    current = (seconds.get(second) ?? []).sort((a, b) => a.at - b.at || a.order - b.order)
    seconds.delete(second)
    for (next = 0; next < current.length; ) {
      const timer = current[next] as Timer
      next += 1
      const { callback } = timer
      if (callback === undefined) continue
      timer.callback = undefined
      elapsed = timer.at
      callback()
      while (touched) {
        touched = false
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }

  return {
    now: () => START + elapsed,
    monotonic: () => elapsed,
    touch: () => {
      touched = true
    },
    after(ms, callback) {
      order += 1
      const timer: Timer = { at: elapsed + Math.max(0, ms), order, callback }
      const second = Math.floor(timer.at / 1000)
      if (second === running) insert(timer)
      else {
        const others = seconds.get(second)
        if (others === undefined) seconds.set(second, [timer])
        else others.push(timer)
      }
      return () => {
        timer.callback = undefined
      }
    },
    async runTo(end, signal) {
      for (let second = Math.floor(elapsed / 1000); second * 1000 < end; second += 1) {
        signal?.throwIfAborted()
        elapsed = Math.max(elapsed, second * 1000)
        await runSecond(second)
      }
    },
  }
}
