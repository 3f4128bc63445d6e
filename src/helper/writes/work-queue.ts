import type { Clock } from '../../lib/clock.ts'
import { createDeadlineHeap, type Waiting } from './deadline-heap.ts'
import { type RetryWait, waitBeforeRetry } from './retry-wait.ts'

/**
 * `now` holds changed keys in the order of arrival. `later` is ordered by deadline. While both
 * lanes have keys, one key of `later` starts after every four of `now`.
 */
export interface Lane {
  readonly lane: 'now' | 'later'
  readonly deadline?: number
}

export type WorkOutcome = 'done' | { readonly retry: RetryWait }

/** `failures`: how many attempts in a row returned `retry`. */
type Handler = (key: string, failures: number) => WorkOutcome | Promise<WorkOutcome>

/** Named after client-go's workqueue metrics. Times are in milliseconds. */
export interface QueueObserver {
  added(): void
  started(waitedMs: number): void
  finished(workedMs: number): void
  retried(): void
}

export interface WorkQueueOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly concurrency: number
  readonly handler: Handler
  readonly observer?: QueueObserver
}

export type WorkQueue = ReturnType<typeof createWorkQueue>

/** How many keys of `now` start in a row while keys of `later` wait. */
const NOW_IN_ROW = 4

/**
 * Creates a queue of keys. A key is queued once, is never processed twice at the same time, and is
 * queued again if it changes while it is being processed.
 */
export function createWorkQueue(options: WorkQueueOptions) {
  const { clock } = options
  const waiting = new Map<string, Waiting & Lane & { readonly addedAt: number }>()
  const now: string[] = []
  const later = createDeadlineHeap()
  const inFlight = new Set<string>()
  const failures = new Map<string, number>()
  /** Keys that are being processed again after a failure. */
  const repeating = new Set<string>()
  /** Keys that failed before and wait for other retries to finish. */
  const parked: string[] = []
  const mostRepeating = Math.max(1, Math.floor(options.concurrency / 2))
  const delayed = new Map<string, () => void>()
  const idle: (() => void)[] = []
  let order = 0
  let nowInRow = 0
  let quietUntil = Number.NEGATIVE_INFINITY
  let cancelWake: (() => void) | undefined
  let stopped = false
  let pumping = false

  const enqueue = (key: string): void => {
    const item = waiting.get(key)
    if (item === undefined || inFlight.has(key)) return
    if (item.lane === 'now') now.push(key)
    else later.push(item)
  }
  const wakeIn = (ms: number): undefined => {
    cancelWake ??= clock.after(ms, () => {
      cancelWake = undefined
      pump()
    })
  }
  /**
   * Parks a key that failed before, if retries already use half of the workers. An unresponsive
   * webhook can block each of them until its timeout.
   */
  const parkRetry = (key: string): boolean => {
    if (repeating.size < mostRepeating || !failures.has(key)) return false
    parked.push(key)
    return true
  }
  /** Returns the next key that may start. Skips stale entries of the lanes. */
  const next = (): string | undefined => {
    const quiet = quietUntil - clock.monotonic()
    if (quiet > 0) return wakeIn(quiet)
    // Take keys from both lanes: objects that change all the time must not delay a rotation.
    const first = nowInRow < NOW_IN_ROW ? nextNow() : undefined
    if (first !== undefined) {
      nowInRow += 1
      return first
    }
    nowInRow = 0
    return nextLater() ?? nextNow()
  }
  const nextNow = (): string | undefined => {
    for (let key = now.shift(); key !== undefined; key = now.shift()) {
      if (waiting.get(key)?.lane === 'now' && !inFlight.has(key) && !parkRetry(key)) return key
    }
    return undefined
  }
  const nextLater = (): string | undefined => {
    for (let head = later.peek(); head !== undefined; head = later.peek()) {
      if (waiting.get(head.key)?.order === head.order && !inFlight.has(head.key) && !parkRetry(head.key)) {
        later.pop()
        return head.key
      }
      later.pop()
    }
    return undefined
  }
  const finish = (key: string, outcome: WorkOutcome, startedAt: number): void => {
    inFlight.delete(key)
    if (repeating.delete(key)) for (const one of parked.splice(0)) enqueue(one)
    options.observer?.finished(clock.monotonic() - startedAt)
    if (outcome === 'done') failures.delete(key)
    else if (!stopped) retry(key, outcome.retry)
    enqueue(key)
    if (inFlight.size === 0) for (const resolve of idle.splice(0)) resolve()
  }
  const retry = (key: string, wait: RetryWait): void => {
    options.observer?.retried()
    const count = failures.get(key) ?? 0
    failures.set(key, count + 1)
    // A key that changed meanwhile is already queued.
    if (!waiting.has(key)) addAfter(key, waitBeforeRetry(wait, count, options.random()))
  }
  const start = (key: string): void => {
    const item = waiting.get(key)
    waiting.delete(key)
    inFlight.add(key)
    if (failures.has(key)) repeating.add(key)
    const startedAt = clock.monotonic()
    options.observer?.started(startedAt - (item?.addedAt ?? startedAt))
    const outcome = call(options.handler, key, failures.get(key) ?? 0)
    if (!(outcome instanceof Promise)) {
      finish(key, outcome, startedAt)
      return
    }
    void outcome
      .catch((): WorkOutcome => ({ retry: 'backoff' }))
      .then((settled) => {
        finish(key, settled, startedAt)
        pump()
      })
  }
  const pump = (): void => {
    // A handler may add keys synchronously, which must not start a nested pump.
    if (pumping) return
    pumping = true
    while (!stopped && inFlight.size < options.concurrency) {
      const key = next()
      if (key === undefined) break
      start(key)
    }
    pumping = false
  }
  const addAfter = (key: string, ms: number): void => {
    if (stopped) return
    delayed.get(key)?.()
    delayed.set(
      key,
      clock.after(ms, () => add(key, { lane: 'now' })),
    )
  }
  const add = (key: string, lane: Lane): void => {
    if (stopped) return
    delayed.get(key)?.()
    delayed.delete(key)
    const known = waiting.get(key)
    if (known?.lane === 'now' || (known && lane.lane === 'later')) return
    options.observer?.added()
    order += 1
    const { deadline = Number.NEGATIVE_INFINITY } = lane
    waiting.set(key, { key, lane: lane.lane, deadline, order, addedAt: known?.addedAt ?? clock.monotonic() })
    enqueue(key)
    pump()
  }
  return {
    add,
    addAfter,
    /** Pauses the queue for `ms` (after a 429). */
    slowDown(ms: number): void {
      quietUntil = Math.max(quietUntil, clock.monotonic() + ms)
    },
    get depth() {
      return waiting.size
    },
    get active() {
      return inFlight.size
    },
    /** Drops the waiting keys. Resolves when no key is being processed any more. */
    stop(): Promise<void> {
      stopped = true
      cancelWake?.()
      for (const cancel of delayed.values()) cancel()
      waiting.clear()
      return inFlight.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))
    },
  }
}

function call(handler: Handler, key: string, failures: number): WorkOutcome | Promise<WorkOutcome> {
  try {
    return handler(key, failures)
  } catch {
    return { retry: 'backoff' }
  }
}
