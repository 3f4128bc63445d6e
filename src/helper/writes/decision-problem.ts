import { hasCode, NopassError } from '../../errors.ts'
import { hasStatus, KubeApiError } from '../../kube/api-error.ts'
import type { PlannedAction, WriteAction } from '../plan/actions.ts'
import type { PlanKey } from '../plan/plan.ts'
import type { RetryWait } from './retry-wait.ts'

/** What a failed write means for its key. */
export interface FailureVerdict {
  /**
   * The label of the metric. `conflict` and `gone` are not errors: they occur in normal operation.
   */
  readonly outcome: 'conflict' | 'gone' | 'throttled' | 'unavailable' | 'refused'
  readonly retry: RetryWait | 'never'
  /** Pause of the whole queue. */
  readonly slowDownMs: number
}

/**
 * Retries of a refused write become rare, because a refusal lasts until someone removes its cause.
 */
export const REFUSED = { slowlyUpToMs: 10 * 60_000 }
/**
 * Retries after a 403 are more frequent, because quotas are raised and permissions granted more
 * often.
 */
const FORBIDDEN = { slowlyUpToMs: 2 * 60_000 }
const THROTTLED_MS = 1_000

export function judgeFailure(error: unknown): FailureVerdict {
  const status = error instanceof KubeApiError ? error.status : 0
  const quiet = { slowDownMs: 0 }
  if (isWebhookDenial(error) || isUndone(error)) return { outcome: 'refused', retry: REFUSED, ...quiet }
  switch (status) {
    case 409:
      return { outcome: 'conflict', retry: 'backoff', ...quiet }
    case 404:
      // The watch delivers the deletion of the object.
      return { outcome: 'gone', retry: 'never', ...quiet }
    case 429:
      return {
        outcome: 'throttled',
        retry: 'backoff',
        slowDownMs: (error instanceof KubeApiError ? error.retryAfterMs : undefined) ?? THROTTLED_MS,
      }
    case 403:
      // Either the namespace is being deleted and its event has not arrived yet. Or the namespace
      // was created again and the API server's own cache is still old. The next plan distinguishes
      // the two.
      if (isTerminating(error)) return { outcome: 'gone', retry: 'backoff', ...quiet }
      return { outcome: 'refused', retry: FORBIDDEN, ...quiet }
    case 400:
    case 413:
    case 422:
      // The object was deleted and created again between our read and our write
      // (docs/en/decisions.md#preconditions).
      if (isOtherUid(error)) return { outcome: 'conflict', retry: 'backoff', ...quiet }
      return { outcome: 'refused', retry: REFUSED, ...quiet }
    default:
      return { outcome: 'unavailable', retry: 'backoff', ...quiet }
  }
}

/**
 * Returns the error for a write that was accepted without effect, because a policy or webhook undid
 * the change before it was stored.
 */
export function undoneWrite(action: WriteAction, secretName: string): NopassError {
  const message = `the ${nameOf(action, secretName)} was accepted, but a policy or webhook undid the change`
  return new NopassError('WRITE_MUTATED', message, { place: { namespace: action.namespace } })
}

export function isUndone(error: unknown): error is NopassError {
  return hasCode(error, 'WRITE_MUTATED')
}

function nameOf(action: WriteAction, secretName: string): string {
  return action.kind === 'writeSecret'
    ? `Secret ${secretName}`
    : `ServiceAccount ${action.serviceAccount} (${action.kind})`
}

/**
 * A webhook chooses the status of its denial. Its 404 or 429 therefore says nothing about the
 * object or the API server.
 */
function isWebhookDenial(error: unknown): boolean {
  return (
    hasStatus(error, 400, 403, 404, 409, 422, 429) && / admission webhook ".*" denied the request/.test(error.message)
  )
}

function isOtherUid(error: unknown): boolean {
  return hasStatus(error, 422) && error.message.includes('metadata.uid')
}

function isTerminating(error: unknown): boolean {
  return error instanceof KubeApiError && error.message.includes('because it is being terminated')
}

/** Returns the problem to report for a decision, if there is one. */
export function problemOfDecision(key: PlanKey, decision: PlannedAction, secretName: string): NopassError | undefined {
  const place = { namespace: key.namespace }
  if (decision.kind === 'skip' && decision.reason === 'foreign-secret' && key.serviceAccount === undefined) {
    const who = decision.manager === undefined ? 'another client' : `"${decision.manager}"`
    return new NopassError('FOREIGN_SECRET', `the Secret ${secretName} belongs to ${who}`, { place })
  }
  if (decision.kind === 'skip' && decision.reason === 'foreign-list') {
    const what = `imagePullSecrets of ServiceAccount ${key.serviceAccount}`
    const hint = `Add {name: ${secretName}} to the list where "${decision.manager}" applies it from, or use attach: admission.`
    return new NopassError('FOREIGN_LIST', `"${decision.manager}" applies ${what}; it is left alone`, { place, hint })
  }
  if (decision.kind === 'skip' && decision.reason === 'overlong-list') {
    const what = `imagePullSecrets of ServiceAccount ${key.serviceAccount}`
    return new NopassError('LIST_OVERLONG', `${what} is too long (entries: ${decision.entries}); it is left alone`, {
      place,
    })
  }
  if (decision.kind === 'wait' && decision.reason === 'conflict' && key.serviceAccount === undefined) {
    const by = decision.manager === undefined ? 'Another writer' : `"${decision.manager}"`
    return new NopassError('SECRET_CONFLICT', `${by} keeps changing or deleting the Secret ${secretName}`, { place })
  }
  if (decision.kind === 'wait' && decision.reason === 'unreadable') return namespaceUnreadable(key.namespace)
  if (decision.kind === 'wait' && decision.reason === 'conflict') {
    const what = `imagePullSecrets of ServiceAccount ${key.serviceAccount}`
    const by = decision.manager === undefined ? 'Another writer' : `"${decision.manager}"`
    return new NopassError('LIST_CONFLICT', `${by} keeps removing ${secretName} from ${what}`, { place })
  }
  return undefined
}

export function namespaceUnreadable(namespace: string): NopassError {
  const message = `the helper lacks the right to read the namespace ${namespace} or its objects`
  return new NopassError('NAMESPACE_UNREADABLE', message, { place: { namespace } })
}

/** A server error is reported as a problem of the namespace after this many failures in a row. */
const FAILING_AFTER = 4

export interface FailedWrite {
  readonly outcome: FailureVerdict['outcome']
  /** How many attempts in a row failed before this attempt. */
  readonly failures: number
  readonly secretName: string
}

/**
 * Returns the problem to report for a failed write. Undefined if the retry is likely to succeed.
 */
export function problemOfWrite(action: WriteAction, error: unknown, failed: FailedWrite): NopassError | undefined {
  const { outcome, failures, secretName } = failed
  const { status, reason } = error instanceof KubeApiError ? error : { status: 0, reason: undefined }
  const failing = outcome === 'unavailable' && status >= 500 && failures >= FAILING_AFTER
  if (outcome !== 'refused' && !failing) return undefined
  if (isUndone(error)) return error
  const place = { namespace: action.namespace }
  const what = nameOf(action, secretName)
  const details = { place, cause: error, ...(reason === undefined ? {} : { reason }) }
  if (isMutated(error)) {
    return new NopassError('WRITE_MUTATED', `the ${what} was refused: ${(error as Error).message}`, details)
  }
  if (status === 422 && action.kind === 'writeSecret' && action.precondition !== undefined && !isForeignDenial(error)) {
    return new NopassError('SECRET_NEEDS_DELETE', `the ${what} cannot be replaced in place`, details)
  }
  const why = error instanceof KubeApiError ? `: ${error.message}` : ''
  if (failing) return new NopassError('WRITE_FAILING', `the ${what} keeps failing with ${status}${why}`, details)
  return new NopassError('WRITE_REFUSED', `the ${what} was refused with ${status}${why}`, details)
}

/**
 * True if the chart's admission policy found content that the helper does not write: a mutating
 * webhook or policy added it.
 */
function isMutated(error: unknown): boolean {
  return /ValidatingAdmissionPolicy 'acr-nopass\..* denied request: the helper (adds|leaves) /.test(
    (error as Error).message,
  )
}

/**
 * True if a policy or webhook other than ours denied the write. Deleting the Secret would not help
 * then, because it could not be created again.
 */
function isForeignDenial(error: unknown): boolean {
  return /ValidatingAdmissionPolicy '(?!acr-nopass\.)|admission webhook "/.test((error as Error).message)
}
