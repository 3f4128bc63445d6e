/**
 * Many callers, one piece of work: who asks while it runs gets its result. A caller that gives up (its signal) leaves
 * the others waiting; the work itself is aborted when nobody waits any more.
 */
export function singleFlight<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): (signal?: AbortSignal) => Promise<Result> {
  let flight: { promise: Promise<Result>; abort: AbortController; waiting: number } | undefined
  return async (signal) => {
    signal?.throwIfAborted()
    if (flight === undefined) {
      const abort = new AbortController()
      const own = { promise: work(abort.signal).finally(() => land(own)), abort, waiting: 0 }
      // Every waiter may have left: nobody else is to hear of the failure.
      own.promise.catch(() => undefined)
      flight = own
    }
    const joined = flight
    joined.waiting++
    try {
      return await (signal === undefined ? joined.promise : untilAborted(joined.promise, signal))
    } finally {
      joined.waiting--
      if (joined.waiting === 0 && signal?.aborted) {
        land(joined)
        joined.abort.abort(signal.reason)
      }
    }
  }

  function land(landed: object): void {
    if (flight === landed) flight = undefined
  }
}

function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const listener = (): void => reject(signal.reason)
  signal.addEventListener('abort', listener, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', listener))
}
