/** Runs work with a common key sequentially, and everything else concurrently. */
export type KeyedLock = <T>(keys: readonly string[], work: () => Promise<T>) => Promise<T>

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>()
  return async (keys, work) => {
    const own = Promise.withResolvers<void>()
    // All keys are taken together, so two callers never wait for each other.
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
