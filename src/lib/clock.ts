/** Time as a parameter, so that tests control it. */
export interface Clock {
  /**
   * Wall clock, in epoch milliseconds: for times that are stored or compared with those of other
   * machines.
   */
  now(): number
  /** Milliseconds that never decrease: for durations and deadlines. */
  monotonic(): number
  /** Calls `callback` once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void
}

/** The longest delay of a Node timer; a longer one would fire immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    // Longer delays take several timers. NaN is a bug of the caller; it must not become a loop
    // without a pause.
    let left = Number.isNaN(ms) ? LONGEST_TIMER_MS : Math.max(0, ms)
    let timer: ReturnType<typeof setTimeout>
    const arm = (): void => {
      const step = Math.min(left, LONGEST_TIMER_MS)
      left -= step
      timer = setTimeout(left > 0 ? arm : callback, step)
    }
    arm()
    return () => clearTimeout(timer)
  },
}

/** Waits `ms` on the given clock; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
