import { setTimeout as sleep } from 'node:timers/promises'
import { NopassError } from '../../errors.ts'
import type { Child } from './child.ts'

export interface ReadyOptions {
  /** What is waited for, as a message says it. */
  readonly what: string
  readonly limitMs: number
  /** The waiting ends with this child. */
  readonly child?: Child
  readonly everyMs?: number
}

/**
 * Asks again and again until `probe` neither throws nor answers false.
 * @throws NopassError SANDBOX_TIMEOUT when the time is over, SANDBOX_PROCESS when the child has ended; with the end of its log
 */
export async function untilReady(
  probe: () => Promise<unknown> | unknown,
  options: ReadyOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { what, limitMs, child, everyMs = 50 } = options
  const end = performance.now() + limitMs
  const log = (): string => (child ? `; its log ends:\n${child.tail()}` : '')
  for (let failure: unknown; ; ) {
    signal?.throwIfAborted()
    try {
      if ((await probe()) !== false) return
    } catch (cause) {
      failure = cause
    }
    if (child?.state()) throw new NopassError('SANDBOX_PROCESS', `${child.name} ended by itself${log()}`)
    if (performance.now() >= end) {
      const seconds = Math.round(limitMs / 1000)
      throw new NopassError('SANDBOX_TIMEOUT', `${what} was not ready within ${seconds} s${log()}`, { cause: failure })
    }
    await sleep(everyMs, undefined, { signal })
  }
}
