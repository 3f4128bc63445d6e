import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats an assertion until it succeeds; after `limitMs` throws its last error. Without `everyMs`
 * it pauses for a tenth of the time that it has waited, because an assertion that reads a cluster
 * keeps a core busy for as long as it is repeated without a pause.
 */
export async function eventually<T>(assertion: () => T | Promise<T>, limitMs = 10_000, everyMs?: number): Promise<T> {
  const begin = performance.now()
  for (;;) {
    try {
      return await assertion()
    } catch (error) {
      if (performance.now() - begin >= limitMs) throw error
    }
    await sleep(everyMs ?? Math.min(Math.max((performance.now() - begin) / 10, 50), 1_000))
  }
}
