/**
 * Shares one run of `work` among concurrent callers. If a caller's signal aborts, only this caller
 * stops waiting. The work is aborted when no caller is left.
 */
export function singleFlight<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): (signal?: AbortSignal) => Promise<Result> {
  let flight: { promise: Promise<Result>; abort: AbortController; waiting: number } | undefined
  return async (signal) => {
    signal?.throwIfAborted()
    if (flight === undefined) {
      const abort = new AbortController()
      const started = { promise: work(abort.signal).finally(() => forget(started)), abort, waiting: 0 }
      // If all callers have left, the failure must not become an unhandled rejection.
      started.promise.catch(() => undefined)
      flight = started
    }
    const joined = flight
    joined.waiting++
    try {
      return await (signal === undefined ? joined.promise : untilAborted(joined.promise, signal))
    } finally {
      joined.waiting--
      if (joined.waiting === 0 && signal?.aborted) {
        forget(joined)
        joined.abort.abort(signal.reason)
      }
    }
  }

  function forget(ended: object): void {
    if (flight === ended) flight = undefined
  }
}

function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const listener = (): void => reject(signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', listener))
}

/** Runs work with a common key sequentially, and everything else concurrently. */
export type KeyedLock = <T>(keys: readonly string[], work: () => Promise<T>) => Promise<T>

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>()
  return async (keys, work) => {
    const own = Promise.withResolvers<void>()
    // Each caller takes all its keys at once, so two callers never deadlock.
    const before = keys.map((key) => tails.get(key))
    for (const key of keys) tails.set(key, own.promise)
    try {
      await Promise.all(before)
      return await work()
    } finally {
      own.resolve()
    }
  }
}

/** Works on all items, on at most `limit` at the same time. Returns the results in order. */
export async function forEachLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const waiting = items.entries()
  const takeNext = async (): Promise<void> => {
    // The iterator is shared, so each worker takes the next item that nobody has taken.
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, takeNext))
  return results
}
