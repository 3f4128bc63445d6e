import { setTimeout as sleep } from 'node:timers/promises'
import { KubeApiError } from './api-error.ts'

/**
 * Polls with growing pauses until `check` is true. Returns the milliseconds that this took, or
 * undefined after `limitMs`. If an API server restarts, throttles or drops a connection, the check
 * is retried until `limitMs`. The last error is thrown then.
 */
export async function pollUntil(
  limitMs: number,
  signal: AbortSignal,
  check: () => Promise<boolean>,
): Promise<number | undefined> {
  const begin = performance.now()
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 1000)) {
    const late = performance.now() - begin > limitMs
    try {
      if (await check()) return performance.now() - begin
    } catch (error) {
      if (late || signal.aborted || !isTransient(error)) throw error
    }
    if (late) return undefined
    await sleep(pause, undefined, { signal })
  }
}

/** True if the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 0 || error.status === 429 || error.status >= 500)
}
