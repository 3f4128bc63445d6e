import { setTimeout as sleep } from 'node:timers/promises'

/** Repeats an assertion until it succeeds; after `limitMs` throws its last error. */
export async function eventually<T>(assertion: () => T | Promise<T>, limitMs = 10_000, everyMs = 50): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    try {
      return await assertion()
    } catch (error) {
      if (performance.now() >= end) throw error
    }
    await sleep(everyMs)
  }
}
