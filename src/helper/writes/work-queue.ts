import type { Clock } from '../../lib/clock.ts'
import { createDeadlineHeap, type Waiting } from './deadline-heap.ts'
import { type Pacer, type RetryWait, waitBeforeRetry } from './pacer.ts'

/**
 * `now`: changed keys, in order of arrival. `later`: by deadline; one is started for every four of
 * `now` while both wait.
 */
export interface Lane {
  readonly lane: 'now' | 'later'
  readonly deadline?: number
  /** Limited by the pacer. */
  readonly paced?: boolean
}

export type WorkOutcome = 'done' | { readonly retry: RetryWait }

/** `failures`: attempts in a row that ended with `retry`. */
type Handler = (key: string, failures: number) => WorkOutcome | Promise<WorkOutcome>

/** Names after client-go's workqueue metrics; times in milliseconds. */
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
  readonly pacer: Pacer
  readonly handler: Handler
  readonly observer?: QueueObserver
}

export type WorkQueue = ReturnType<typeof createWorkQueue>

/** How many keys of `now` start in a row while keys of `later` wait. */
const NOW_IN_ROW = 4

/**
 * A queue of keys: deduplicated, never processed concurrently, and requeued if they change while
 * being processed.
 */
export function createWorkQueue(options: WorkQueueOptions) {
  const { clock, pacer } = options
  const waiting = new Map<string, Waiting & Lane & { readonly addedAt: number }>()
  const now: string[] = []
  const later = createDeadlineHeap()
  const inFlight = new Set<string>()
  const failures = new Map<string, number>()
  /** Being processed after a failure. */
  const repeating = new Set<string>()
  /** Failed before, and waiting for other retries to end. */
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
   * A failing key may block until its timeout (an unresponsive webhook), so retries use at most
   * half of the workers.
   */
  const parks = (key: string): boolean => {
    if (repeating.size < mostRepeating || !failures.has(key)) return false
    parked.push(key)
    return true
  }
  /** The next key that may start; stale entries of the lanes are skipped. */
  const next = (): string | undefined => {
    const quiet = quietUntil - clock.monotonic()
    if (quiet > 0) return wakeIn(quiet)
    // Neither lane starves the other: objects that change without end must not hold up a rotation.
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
      if (waiting.get(key)?.lane === 'now' && !inFlight.has(key) && !parks(key)) return key
    }
    return undefined
  }
  const nextLater = (): string | undefined => {
    for (let head = later.peek(); head !== undefined; head = later.peek()) {
      if (waiting.get(head.key)?.order === head.order && !inFlight.has(head.key) && !parks(head.key)) {
        const wait = head.paced ? pacer.take(clock.monotonic()) : 0
        if (wait > 0) return wakeIn(wait)
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
    if (known?.lane === 'now' || (known && lane.lane === 'later' && (known.paced !== true || lane.paced))) return
    options.observer?.added()
    order += 1
    const { paced = false, deadline = Number.NEGATIVE_INFINITY } = lane
    waiting.set(key, { key, lane: lane.lane, paced, deadline, order, addedAt: known?.addedAt ?? clock.monotonic() })
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
    /** Drops waiting keys; resolves when nothing is being processed any more. */
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
