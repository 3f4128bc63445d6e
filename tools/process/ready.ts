import { setTimeout as sleep } from 'node:timers/promises'
import { TestbedError } from '../testbed-error.ts'
import type { Child } from './child.ts'

export interface ReadyOptions {
  /** The name of the thing that should become ready, for error messages. */
  readonly what: string
  readonly limitMs: number
  /** Stops waiting if this child exits. */
  readonly child?: Child
  readonly everyMs?: number
}

/**
 * Polls until `probe` neither throws nor returns false.
 * @throws SANDBOX_TIMEOUT after the limit, SANDBOX_PROCESS when the child exits; each error
 * includes the end of the child's log
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
    if (child?.state()) throw new TestbedError('SANDBOX_PROCESS', `${child.name} exited unexpectedly${log()}`)
    if (performance.now() >= end) {
      const seconds = Math.round(limitMs / 1000)
      throw new TestbedError('SANDBOX_TIMEOUT', `${what} was not ready within ${seconds} s${log()}`, { cause: failure })
    }
    await sleep(everyMs, undefined, { signal })
  }
}
