import type { CloudFailure, JsonObject } from './cloud-failure.ts'
import { retryDelay } from './retry.ts'

/** What came of one attempt. */
export type Outcome = { readonly body: JsonObject } | { readonly failure: CloudFailure; readonly cause?: unknown }

export interface RepeatOptions {
  /** A write that may not be sent twice. */
  readonly write: boolean
  /** Whether an attempt can ask for another session when its own is over. */
  readonly renewable: boolean
  /** Attempts in all. */
  readonly attempts: number
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

/** Attempts until one succeeds or the rule of retry.ts says no; an attempt is told whether to renew its session first. */
export async function repeatCall(
  attempt: (renew: boolean) => Promise<Outcome>,
  options: RepeatOptions,
  signal?: AbortSignal,
): Promise<Outcome> {
  let renewed = false
  for (let count = 1; ; count++) {
    signal?.throwIfAborted()
    const outcome = await attempt(renewed)
    if (!('failure' in outcome)) return outcome
    const { failure } = outcome
    if (failure.code === 'CREDENTIALS_EXPIRED' && options.renewable && !renewed) {
      renewed = true
      continue
    }
    const last = count >= options.attempts
    const delay = last ? undefined : retryDelay(failure, options.write, count, options.random())
    if (delay === undefined) return outcome
    await options.sleep(delay, signal)
  }
}
