interface Stoppable {
  stop(reason: unknown): void
}

/** One listener for each signal, because a rotation makes thousands of requests with the same one. */
export class AbortListeners {
  readonly #bySignal = new Map<AbortSignal, Set<Stoppable>>()

  add(signal: AbortSignal, stoppable: Stoppable): void {
    const known = this.#bySignal.get(signal)
    if (known) {
      known.add(stoppable)
      return
    }
    this.#bySignal.set(signal, new Set([stoppable]))
    signal.addEventListener('abort', this.#onAbort)
  }

  remove(signal: AbortSignal, stoppable: Stoppable): void {
    const known = this.#bySignal.get(signal)
    known?.delete(stoppable)
    if (known?.size !== 0) return
    this.#bySignal.delete(signal)
    signal.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = ({ target }: Event): void => {
    const signal = target as AbortSignal
    for (const stoppable of [...(this.#bySignal.get(signal) ?? [])]) {
      try {
        stoppable.stop(signal.reason)
      } catch (error) {
        // As an EventTarget does: one listener's error ends no other's call.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
