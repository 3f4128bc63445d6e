import { KubeApiError } from '../../kube/api-error.ts'
import type { RetryWait } from './pacer.ts'

/** What a failed write means for its key. */
export interface FailureVerdict {
  /** For the metric: `conflict` and `gone` are the normal course of things. */
  readonly outcome: 'conflict' | 'gone' | 'throttled' | 'unavailable' | 'refused'
  readonly retry: RetryWait | 'never'
  /** Pause of the whole queue. */
  readonly slowDownMs: number
}

/** A refusal lasts until someone changes the cause, so retries become rare. */
const REFUSED = { slowlyUpToMs: 10 * 60_000 }
/** Quotas are raised and permissions granted more often. */
const FORBIDDEN = { slowlyUpToMs: 2 * 60_000 }
const THROTTLED_MS = 1_000

export function judgeFailure(error: unknown): FailureVerdict {
  const status = error instanceof KubeApiError ? error.status : 0
  const quiet = { slowDownMs: 0 }
  switch (status) {
    case 409:
      return { outcome: 'conflict', retry: 'backoff', ...quiet }
    case 404:
      // The watch reports what happened to it.
      return { outcome: 'gone', retry: 'never', ...quiet }
    case 429:
      return {
        outcome: 'throttled',
        retry: 'backoff',
        slowDownMs: (error instanceof KubeApiError ? error.retryAfterMs : undefined) ?? THROTTLED_MS,
      }
    case 403:
      // The namespace is being deleted, and its event has not arrived yet.
      if (isTerminating(error)) return { outcome: 'gone', retry: 'never', ...quiet }
      return { outcome: 'refused', retry: FORBIDDEN, ...quiet }
    case 400:
    case 413:
    case 422:
      // Deleted and created again between our reading and our writing (docs/en/decisions.md#preconditions).
      if (isOtherUid(error)) return { outcome: 'conflict', retry: 'backoff', ...quiet }
      return { outcome: 'refused', retry: REFUSED, ...quiet }
    default:
      return { outcome: 'unavailable', retry: 'backoff', ...quiet }
  }
}

function isOtherUid(error: unknown): boolean {
  return error instanceof KubeApiError && error.status === 422 && error.message.includes('metadata.uid')
}

function isTerminating(error: unknown): boolean {
  return error instanceof KubeApiError && error.message.includes('because it is being terminated')
}
