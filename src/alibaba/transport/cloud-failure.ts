import type { ErrorCode } from '../../errors.ts'
import type { HttpAnswer } from './http-sender.ts'

/** A failed call as data: what the retry rule, and the error that the user sees, are made from. */
export interface CloudFailure {
  readonly code: ErrorCode
  /** The cloud's code, or `HTTP 502`, or Node's `ECONNRESET`. Never a message: messages quote what was sent. */
  readonly reason: string
  readonly requestId?: string
  readonly status?: number
  /** Milliseconds that the cloud asked us to wait. */
  readonly retryAfter?: number
  /** `ram:GetPolicy`: the permission that was missing, as the cloud names it. */
  readonly missingAction?: string
  /** `demo:session`: who lacked it. */
  readonly principal?: string
  /** The request did not reach the cloud, or was refused before anything was done. */
  readonly harmless: boolean
}

export type JsonObject = Readonly<Record<string, unknown>>

/** A whole JSON object, or undefined: gateways and proxies answer with HTML or with nothing. */
export function parseAnswer(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** The failure that a response reports, or undefined for a success: HTTP 2xx with JSON, and not `IsSuccess: false`. */
export function failureOf(answer: HttpAnswer, body: JsonObject | undefined): CloudFailure | undefined {
  const { status } = answer
  const requestId = word(body?.RequestId) ?? word(body?.requestId) ?? word(answer.headers['x-acs-request-id'])
  const base = { status, ...(requestId !== undefined && { requestId }) }
  if (body === undefined) {
    return { ...base, code: 'CLOUD_UNAVAILABLE', reason: `HTTP ${status} without JSON`, harmless: false }
  }
  if (status >= 200 && status < 300 && body.IsSuccess !== false) return undefined
  const reason = word(body.Code) ?? word(body.code) ?? `HTTP ${status}`
  const denied = body.AccessDeniedDetail as JsonObject | undefined | null
  const code = codeOf(status, reason)
  return {
    ...base,
    code,
    reason,
    ...optional('retryAfter', retryAfter(answer)),
    ...optional('missingAction', word(denied?.AuthAction)),
    ...optional('principal', word(denied?.AuthPrincipalDisplayName)),
    harmless: code !== 'CLOUD_UNAVAILABLE',
  }
}

/** The failure of an exchange without an answer. Whether the cloud did the work is known only when nothing was sent. */
export function failureWithoutAnswer(error: unknown): CloudFailure {
  const { code, name } = error as { code?: unknown; name?: unknown }
  const reason = name === 'TimeoutError' ? 'timeout' : (word(code) ?? 'connection lost')
  const harmless = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(reason)
  return { code: 'CLOUD_UNREACHABLE', reason, harmless }
}

const KNOWN: readonly (readonly [RegExp, ErrorCode])[] = [
  [/throttling|^ServiceBusy|flow.?control/i, 'CLOUD_THROTTLED'],
  [/^(InvalidTimeStamp|IllegalTimestamp|InvalidTimestamp)/i, 'CLOUD_CLOCK'],
  [/^InvalidSecurityToken\.Expired|^SecurityToken\.?Expired|^InvalidAccessKeyId\.Expired/i, 'CREDENTIALS_EXPIRED'],
  [
    /^(InvalidAccessKeyId|InvalidSecurityToken|SignatureDoesNotMatch|IncompleteSignature|MissingSecurityToken)/i,
    'CREDENTIALS_REFUSED',
  ],
  [/^(AuthenticationFail|InvalidIdentityToken|IDPNotExist|InvalidOIDC|MissingOIDC)/i, 'IDENTITY_NOT_TRUSTED'],
  [
    /^(NoPermission|Forbidden|ForbiddenAction|UnauthorizedOperation|ErrorCheckAcl|ErrorPermission|StatusForbidden)|NO_PERMISSION|FORBIDDEN|NoPrivilege/i,
    'CLOUD_DENIED',
  ],
  // CR may report these with HTTP 200 and `IsSuccess: false`.
  [/^(SystemError|InternalError|ServiceUnavailable)$/i, 'CLOUD_UNAVAILABLE'],
  [/^EntityNotExist|NotFound$|NOT_EXIST$|NotExist$/, 'CLOUD_NOT_FOUND'],
]

function codeOf(status: number, reason: string): ErrorCode {
  for (const [pattern, code] of KNOWN) if (pattern.test(reason)) return code
  if (status === 429) return 'CLOUD_THROTTLED'
  // No API of the cloud redirects: what does stands in front of it.
  if (status >= 500 || (status >= 300 && status < 400)) return 'CLOUD_UNAVAILABLE'
  if (status === 403) return 'CLOUD_DENIED'
  if (status === 404) return 'CLOUD_NOT_FOUND'
  return 'CLOUD_REJECTED'
}

function retryAfter(answer: HttpAnswer): number | undefined {
  const own = Number(answer.headers['x-acs-retry-after'])
  if (own > 0) return own
  const standard = Number(answer.headers['retry-after'])
  return standard > 0 ? standard * 1000 : undefined
}

/** Only what cannot carry a message or a secret goes on: a short word of harmless characters. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:@/* -]{1,128}$/.test(value) ? value : undefined
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [key in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [key in Key]?: Value })
}
