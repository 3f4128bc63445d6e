type OnAbort = (reason: unknown) => void

/** One listener for a signal that thousands of requests share, instead of one for each of them. */
export interface AbortListeners {
  /** Returns what takes `onAbort` back. */
  add(signal: AbortSignal, onAbort: OnAbort): () => void
}

export function createAbortListeners(): AbortListeners {
  const bySignal = new WeakMap<AbortSignal, Set<OnAbort>>()
  const listen = (signal: AbortSignal): Set<OnAbort> => {
    const all = new Set<OnAbort>()
    bySignal.set(signal, all)
    const onAbort = (): void => {
      for (const one of [...all]) one(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    return all
  }
  return {
    add(signal, onAbort) {
      const all = bySignal.get(signal) ?? listen(signal)
      all.add(onAbort)
      return () => all.delete(onAbort)
    },
  }
}
