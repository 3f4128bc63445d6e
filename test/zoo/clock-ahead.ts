import { AsyncLocalStorage } from 'node:async_hooks'

const ahead = new AsyncLocalStorage<number>()
const Real = globalThis.Date

class Shifted extends Real {
  constructor(...given: [] | [number | string | Date]) {
    if (given.length === 0) super(Shifted.now())
    else super(given[0])
  }
  static override now(): number {
    return Real.now() + (ahead.getStore() ?? 0)
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Real
  }
}

/**
 * Runs `work` on a machine whose clock is `aheadMs` ahead. Durations, timers, and `Date` in other
 * code are unaffected.
 */
export function withClockAhead<T>(aheadMs: number, work: () => Promise<T>): Promise<T> {
  globalThis.Date = Shifted as DateConstructor
  return ahead.run(aheadMs, work)
}
