import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats an assertion until it succeeds. After `limitMs`, throws its last error. Without
 * `everyMs`, each pause is a tenth of the time waited so far. Without pauses, an assertion that
 * reads a cluster would keep a core busy.
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
