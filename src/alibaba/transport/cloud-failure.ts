import type { ErrorCode } from '../../errors.ts'
import type { JsonObject } from '../../lib/json.ts'
import { type Denial, readDenial } from './denial.ts'
import type { HttpResponse } from './http-sender.ts'

/** A failed call as data. The retry rule and the user's error are derived from it. */
export interface CloudFailure {
  readonly code: ErrorCode
  /**
   * The cloud's code, or `HTTP 502`, or Node's `ECONNRESET`. Never a message, because messages may
   * quote the request.
   */
  readonly reason: string
  readonly requestId?: string | undefined
  /** The pause that the cloud requested, in milliseconds. */
  readonly retryAfter?: number | undefined
  /** The policy that denied the call; undefined if the cloud does not report it. */
  readonly denial?: Denial | undefined
  /**
   * True if the request did not reach the cloud, or the cloud refused it before it changed
   * anything.
   */
  readonly harmless: boolean
}

/**
 * Returns the failure that a response reports, or undefined for a success. A success is HTTP 2xx
 * with JSON, but not with `IsSuccess: false`.
 */
export function cloudFailureOf(response: HttpResponse, body: JsonObject | undefined): CloudFailure | undefined {
  const { status } = response
  const requestId =
    harmlessWord(body?.RequestId) ?? harmlessWord(body?.requestId) ?? harmlessWord(response.headers['x-acs-request-id'])
  if (body === undefined) {
    return { requestId, code: 'CLOUD_UNAVAILABLE', reason: `HTTP ${status} without JSON`, harmless: false }
  }
  if (status >= 200 && status < 300 && body.IsSuccess !== false) return undefined
  const reason = harmlessWord(body.Code) ?? harmlessWord(body.code) ?? `HTTP ${status}`
  const code = codeOf(status, reason)
  return {
    requestId,
    code,
    reason,
    retryAfter: retryAfter(response),
    denial: readDenial(body, harmlessWord),
    harmless: code !== 'CLOUD_UNAVAILABLE',
  }
}

/**
 * Describes the failure of a request without a response. The cloud may have done the work, unless
 * nothing was sent.
 */
export function failureWithoutResponse(error: unknown): CloudFailure {
  const { code, name } = error as { code?: unknown; name?: unknown }
  const reason = name === 'TimeoutError' ? 'timeout' : (harmlessWord(code) ?? 'connection lost')
  const harmless = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(reason)
  return { code: 'CLOUD_UNREACHABLE', reason, harmless }
}

const KNOWN: readonly (readonly [RegExp, ErrorCode])[] = [
  [/throttling|^ServiceBusy|flow.?control/i, 'CLOUD_THROTTLED'],
  [/^(InvalidTimeStamp|IllegalTimestamp|InvalidTimestamp)/i, 'CLOUD_CLOCK'],
  [
    /^InvalidSecurityToken\.Expired|^SecurityToken\.?Expired|^InvalidAccessKeyId\.Expired|OIDCToken\.Expired$/i,
    'CREDENTIALS_EXPIRED',
  ],
  [
    /^(InvalidAccessKeyId|InvalidSecurityToken|SignatureDoesNotMatch|IncompleteSignature|MissingSecurityToken)/i,
    'CREDENTIALS_REFUSED',
  ],
  [/^(AuthenticationFail|InvalidIdentityToken|IDPNotExist|InvalidOIDC|MissingOIDC)/i, 'IDENTITY_NOT_TRUSTED'],
  [
    /^(NoPermission|Forbidden|ForbiddenAction|UnauthorizedOperation|ErrorCheckAcl|ErrorPermission|StatusForbidden)|NO_PERMISSION|FORBIDDEN|NoPrivilege/i,
    'CLOUD_DENIED',
  ],
  // CR may return these codes with HTTP 200 and `IsSuccess: false`.
  [/^(SystemError|InternalError|ServiceUnavailable)$/i, 'CLOUD_UNAVAILABLE'],
  [/^EntityNotExist|NotFound$|NOT_EXIST$|NotExist$/, 'CLOUD_NOT_FOUND'],
]

function codeOf(status: number, reason: string): ErrorCode {
  for (const [pattern, code] of KNOWN) if (pattern.test(reason)) return code
  if (status === 429) return 'CLOUD_THROTTLED'
  // The cloud's APIs never redirect, so a redirect comes from a proxy in front of them.
  if (status >= 500 || (status >= 300 && status < 400)) return 'CLOUD_UNAVAILABLE'
  if (status === 403) return 'CLOUD_DENIED'
  if (status === 404) return 'CLOUD_NOT_FOUND'
  return 'CLOUD_REJECTED'
}

function retryAfter(response: HttpResponse): number | undefined {
  const own = Number(response.headers['x-acs-retry-after'])
  if (own > 0) return own
  const standard = Number(response.headers['retry-after'])
  return standard > 0 ? standard * 1000 : undefined
}

/** Returns a short word of harmless characters, which cannot hold a message or a secret. */
function harmlessWord(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:@/* -]{1,128}$/.test(value) ? value : undefined
}
