import type { JsonObject } from '../../lib/json.ts'
import type { CloudFailure } from './cloud-failure.ts'

export type CallOutcome = { readonly body: JsonObject } | { readonly failure: CloudFailure; readonly cause?: unknown }

export interface RepeatOptions {
  /** A write that may not be sent twice. */
  readonly write: boolean
  /** True if an attempt can renew its session. */
  readonly renewable: boolean
  /** Default 4. */
  readonly attempts?: number
  /**
   * Replaces `attempts` and the usual pauses if the cloud itself failed (its 5xx and
   * InternalError).
   */
  readonly outage?: { readonly attempts: number; readonly baseMs: number } | undefined
  /** Returns a number from 0 (included) to 1 (excluded). */
  readonly random: () => number
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

/**
 * Retries until an attempt succeeds or `retryDelay` allows no further attempt. If `renew` is true,
 * the attempt renews its session first.
 */
export async function repeatCall(
  attempt: (renew: boolean) => Promise<CallOutcome>,
  options: RepeatOptions,
  signal?: AbortSignal,
): Promise<CallOutcome> {
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
    const outage = failure.code === 'CLOUD_UNAVAILABLE' ? options.outage : undefined
    const isLast = count >= (outage?.attempts ?? options.attempts ?? 4)
    const delay = isLast ? undefined : retryDelay(failure, options, count, outage?.baseMs ?? BASE)
    if (delay === undefined) return outcome
    await options.sleep(delay, signal)
  }
}

/**
 * Upper bounds of the random wait (milliseconds): for the first retry, for the first retry of a
 * throttled call, and for any retry.
 */
const BASE = 200
const BASE_THROTTLED = 1000
const CAP = 5000
/**
 * The longest pause that is honoured (milliseconds). If the cloud requests a longer pause, the call
 * fails and reports the pause.
 */
const LONGEST_REQUESTED = 30_000

/**
 * Returns how long to wait before the next attempt (milliseconds), or undefined if there must be
 * none. A throttled call is always retried. After an outage, a call is retried only if it certainly
 * was not done, or may be done twice.
 */
function retryDelay(
  failure: CloudFailure,
  { write, random: draw }: Pick<RepeatOptions, 'write' | 'random'>,
  attempt: number,
  baseMs: number,
): number | undefined {
  const random = draw()
  if (failure.code === 'CLOUD_CLOCK') return attempt === 1 ? 0 : undefined
  const transient = failure.code === 'CLOUD_UNREACHABLE' || failure.code === 'CLOUD_UNAVAILABLE'
  const repeatable = failure.code === 'CLOUD_THROTTLED' || (transient && (failure.harmless || !write))
  if (!repeatable) return undefined
  const base = failure.code === 'CLOUD_THROTTLED' ? BASE_THROTTLED : baseMs
  const jitter = random * Math.min(CAP, base * 2 ** (attempt - 1))
  const { retryAfter } = failure
  if (retryAfter === undefined) return jitter
  // Jitter, because many clients receive the same pause at the same moment.
  return retryAfter > LONGEST_REQUESTED ? undefined : retryAfter + random * Math.max(BASE, retryAfter / 2)
}
