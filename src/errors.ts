import { ERROR_CODES } from './error-codes.ts'
import { printable } from './printable.ts'

/**
 * Every user-facing failure has one of these codes; the list is closed (`error-codes.ts`) and
 * documented in docs/en/errors.md.
 */
export type ErrorCode = keyof typeof ERROR_CODES

/** Where a failure happened: in a file (1-based), or in a cluster. */
export interface ErrorPlace {
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly cluster?: string
  readonly namespace?: string
}

export interface ErrorDetails {
  /** The fix for this case; default: the code's general fix. */
  readonly hint?: string | undefined
  readonly place?: ErrorPlace | undefined
  readonly cause?: unknown
  /** The cloud's or the API server's own code, such as `NoPermission` or `Conflict`. */
  readonly reason?: string | undefined
  /** Alibaba Cloud's request id, for their support. */
  readonly requestId?: string | undefined
  /** The pause that the server requested, milliseconds. */
  readonly retryAfterMs?: number | undefined
}

/**
 * A failure that a user can act on: what (message), where (place), why (cause, reason) and the fix
 * (hint). All of them may contain foreign text, so they are made printable here and nowhere else.
 */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code
  readonly hint: string
  readonly place: ErrorPlace
  readonly reason: string | undefined
  readonly requestId: string | undefined
  readonly retryAfterMs: number | undefined

  /** @param fix the code's general fix, for a failure without a `hint` of its own */
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

/** `values.yaml:4:13` or `cluster prod, namespace shop`; empty if unknown. */
export function formatPlace(place: ErrorPlace): string {
  const inFile = place.file && [place.file, place.line, place.line && place.column].filter(Boolean).join(':')
  const inCluster = [place.cluster && `cluster ${place.cluster}`, place.namespace && `namespace ${place.namespace}`]
  return printable([inFile, ...inCluster].filter(Boolean).join(', '))
}

/** Place, code and message, then the fix on its own line. */
export function formatError(error: CodedError<string>): string {
  const place = formatPlace(error.place)
  const ids = formatIds(error)
  return `${place ? `${place}: ` : ''}${error.code}: ${error.message}${ids ? ` (${ids})` : ''}\n  fix: ${error.hint}`
}

/** The other side's code and the request's id; empty without both. */
export function formatIds({ reason, requestId }: Pick<ErrorDetails, 'reason' | 'requestId'>): string {
  return [reason, requestId && `request ${requestId}`].filter(Boolean).join(', ')
}

/** Whether it is a failure with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is NopassError {
  return error instanceof NopassError && error.code === code
}

/** The same failure in other words, with `details` in place of its own. */
export function reworded(error: NopassError, message: string, details: ErrorDetails = {}): NopassError {
  const { code, hint, place, reason, requestId } = error
  return new NopassError(code, message, { hint, place, reason, requestId, cause: error, ...details })
}

/** Any other error becomes `INTERNAL`: an unexpected failure is a bug of ours. */
export function toNopassError(error: unknown): NopassError {
  if (error instanceof NopassError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new NopassError('INTERNAL', message, { cause: error })
}
