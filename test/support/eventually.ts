import { setTimeout as sleep } from 'node:timers/promises'

/** Repeats an assertion until it holds; after `limitMs` its own failure is the test's. */
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
