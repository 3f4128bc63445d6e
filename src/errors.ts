import { ERROR_CODES } from './error-codes.ts'
import { printable } from './printable.ts'

/**
 * Every user-facing failure has one of these codes; the list is closed (`error-codes.ts`) and
 * documented in docs/en/errors.md.
 */
export type ErrorCode = keyof typeof ERROR_CODES

/** Where a failure happened: in a file (line and column start at 1), or in a cluster. */
export interface ErrorPlace {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly cluster?: string
  readonly namespace?: string
}

export interface ErrorDetails {
  /** The fix for this case. Default: the code's general fix. */
  readonly hint?: string | undefined
  readonly place?: ErrorPlace | undefined
  readonly cause?: unknown
  /** The error code of the cloud or the API server, such as `NoPermission` or `Conflict`. */
  readonly reason?: string | undefined
  /** Alibaba Cloud's request ID, which Alibaba Cloud's support asks for. */
  readonly requestId?: string | undefined
  /** The pause that the server requested, in milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/**
 * A failure that a user can act on: what (message), where (place), why (cause, reason) and the fix
 * (hint). Each of these texts may be foreign. This class makes them printable, so no caller needs
 * to.
 */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code
  readonly hint: string
  readonly place: ErrorPlace
  readonly reason: string | undefined
  readonly requestId: string | undefined
  readonly retryAfterMs: number | undefined

  /** @param fix the code's general fix, used when `details` has no `hint` */
  constructor(code: Code, fix: string, message: string, details: ErrorDetails) {
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.hint = printable(details.hint ?? fix)
    this.place = details.place ?? {}
    this.reason = details.reason === undefined ? undefined : printable(details.reason)
    this.requestId = details.requestId === undefined ? undefined : printable(details.requestId)
    this.retryAfterMs = details.retryAfterMs
  }
}

/** A failure of the product. */
export class NopassError extends CodedError<ErrorCode> {
  override readonly name = 'NopassError'

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(code, ERROR_CODES[code].fix, message, details)
  }
}

/**
 * Returns a text such as `values.yaml:4:13` or `cluster prod, namespace shop`; empty if the place
 * is unknown.
 */
export function formatPlace(place: ErrorPlace): string {
  const inFile = place.file && [place.file, place.line, place.line && place.column].filter(Boolean).join(':')
  const inCluster = [place.cluster && `cluster ${place.cluster}`, place.namespace && `namespace ${place.namespace}`]
  return printable([inFile, ...inCluster].filter(Boolean).join(', '))
}

/** Returns place, code and message, then the fix on a line of its own. */
export function formatError(error: CodedError<string>): string {
  const place = formatPlace(error.place)
  const ids = formatIds(error)
  return `${place ? `${place}: ` : ''}${error.code}: ${error.message}${ids ? ` (${ids})` : ''}\n  fix: ${error.hint}`
}

/** Returns the peer's error code and the request's ID; empty without these two. */
export function formatIds({ reason, requestId }: Pick<ErrorDetails, 'reason' | 'requestId'>): string {
  return [reason, requestId && `request ${requestId}`].filter(Boolean).join(', ')
}

/** True if `error` is a `NopassError` with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is NopassError {
  return error instanceof NopassError && error.code === code
}

/** Copies a failure with a new message. `details` overrides the details of the failure. */
export function reworded(error: NopassError, message: string, details: ErrorDetails = {}): NopassError {
  const { code, hint, place, reason, requestId } = error
  return new NopassError(code, message, { hint, place, reason, requestId, cause: error, ...details })
}

/** Any other error becomes `INTERNAL`, because an unexpected failure is a bug of acr-nopass. */
export function toNopassError(error: unknown): NopassError {
  if (error instanceof NopassError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new NopassError('INTERNAL', message, { cause: error })
}
