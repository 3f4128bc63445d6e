import { setTimeout as sleep } from 'node:timers/promises'
import { KubeApiError } from './api-error.ts'

/**
 * Polls with growing pauses until `check` is true; returns the milliseconds, or undefined after
 * `limitMs`. An API server that restarts, throttles or drops a connection is retried until then,
 * and its last error is thrown.
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

/** Whether the same request may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 0 || error.status === 429 || error.status >= 500)
}
