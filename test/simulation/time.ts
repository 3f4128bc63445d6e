import type { Clock } from '../../src/lib/clock.ts'

/**
 * The true time of a simulated run. Nothing happens between two events, so simulated time takes no
 * real time.
 */
export interface Scheduler {
  /** Milliseconds since the start. */
  readonly time: number
  /** The number of events so far. */
  readonly events: number
  at(time: number, callback: () => void): () => void
  after(ms: number, callback: () => void): () => void
  /** Call when code of a process runs, so that its promises settle before the next event. */
  touch(): void
  /** Runs all events up to `time`; `check` is called after each. */
  run(time: number, check: () => void): Promise<void>
}

interface Event {
  readonly at: number
  readonly order: number
  callback: (() => void) | undefined
}

/** The true time 0 in milliseconds since 1970. The cloud's clock shows the true time. */
export const START: number = Date.parse('2026-01-05T00:00:00Z')

export function createScheduler(): Scheduler {
  const heap: Event[] = []
  let time = 0
  let order = 0
  let events = 0
  let touched = false
  const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
  const swap = (i: number, j: number): void => {
    const one = heap[i] as Event
    heap[i] = heap[j] as Event
    heap[j] = one
  }
  const push = (event: Event): void => {
    let i = heap.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(event, heap[parent] as Event)) break
      swap(i, parent)
      i = parent
    }
  }
  const pop = (): Event | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    heap[0] = last
    for (let i = 0; ; ) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && before(heap[child] as Event, heap[least] as Event)) least = child
      }
      if (least === i) return first
      swap(i, least)
      i = least
    }
  }
  const at = (when: number, callback: () => void): (() => void) => {
    order += 1
    const event: Event = { at: Math.max(time, when), order, callback }
    push(event)
    return () => {
      event.callback = undefined
    }
  }
  return {
    get time() {
      return time
    },
    get events() {
      return events
    },
    at,
    after: (ms, callback) => at(time + ms, callback),
    touch: () => {
      touched = true
    },
    async run(until, check) {
      while (heap[0] !== undefined && heap[0].at <= until) {
        const event = pop()
        if (event?.callback === undefined) continue
        time = event.at
        events += 1
        event.callback()
        while (touched) {
          touched = false
          // All promises that can settle settle before an immediate runs.
          await new Promise((resolve) => setImmediate(resolve))
        }
        check()
      }
      time = Math.max(time, until)
    },
  }
}

/**
 * The clock of one process. The clock may drift and jump. Nothing runs while the process is paused,
 * or after it has ended.
 */
export interface ProcessTime extends Clock {
  /** Runs the callback immediately, after the pause, or never if the process has ended. */
  run(callback: () => void): void
  pause(ms: number): void
  /**
   * Pauses the process like `pause`, but also stops the monotonic clock and its timers. The wall
   * clock continues.
   */
  suspend(ms: number): void
  /** How long the process was suspended so far, in milliseconds. */
  readonly suspended: number
  readonly paused: boolean
  /** Sets the wall clock forward or back. */
  jump(ms: number): void
  kill(): void
  readonly dead: boolean
  /** The number of pending timers. */
  readonly timers: number
}

/** `rate` is how fast the clocks run, `ahead` how many milliseconds the wall clock is ahead. */
export function createProcessTime(scheduler: Scheduler, rate: number, ahead: number): ProcessTime {
  const startedAt = scheduler.time
  let offset = ahead
  let dead = false
  let timers = 0
  let held: (() => void)[] | undefined
  let suspended = 0
  let suspendedAt: number | undefined
  const asleep = (): number => suspended + (suspendedAt === undefined ? 0 : scheduler.time - suspendedAt)
  const monotonic = (): number => (scheduler.time - startedAt - asleep()) * rate
  const run = (callback: () => void): void => {
    if (dead) return
    if (held !== undefined) {
      held.push(callback)
      return
    }
    scheduler.touch()
    callback()
  }
  return {
    now: () => Math.floor(START + startedAt + monotonic() + asleep() + offset),
    monotonic,
    after(ms, callback) {
      let open = true
      timers += 1
      const close = (): void => {
        if (open) timers -= 1
        open = false
      }
      // Node's timers never fire early.
      const due = monotonic() + Math.max(0, ms)
      const arm = (): (() => void) =>
        scheduler.after((due - monotonic()) / rate + 1e-6, () =>
          run(() => {
            if (!open) return
            // The machine slept meanwhile, so the timer has not elapsed yet.
            if (monotonic() < due - 1e-3) {
              cancel = arm()
              return
            }
            close()
            callback()
          }),
        )
      let cancel = arm()
      return () => {
        close()
        cancel()
      }
    },
    run,
    pause(ms) {
      if (dead || held !== undefined) return
      held = []
      scheduler.after(ms, () => {
        const late = held ?? []
        held = undefined
        for (const callback of late) run(callback)
      })
    },
    suspend(ms) {
      if (dead || held !== undefined) return
      held = []
      suspendedAt = scheduler.time
      scheduler.after(ms, () => {
        suspended = asleep()
        suspendedAt = undefined
        const late = held ?? []
        held = undefined
        for (const callback of late) run(callback)
      })
    },
    get suspended() {
      return asleep()
    },
    get paused() {
      return held !== undefined
    },
    jump(ms) {
      offset += ms
    },
    kill() {
      dead = true
    },
    get dead() {
      return dead
    },
    get timers() {
      return timers
    },
  }
}
