import { type ErrorCode, type ErrorDetails, NopassError } from '../errors.ts'
import { isRecord, parseObject } from '../lib/json.ts'
import { withoutCredentials, withoutWrongValues } from '../printable.ts'

export class KubeApiError extends NopassError {
  /** HTTP status; 0 without a response. */
  readonly status: number
  /** The fields of the object that the API server refuses, in its own notation. Never shown. */
  readonly fields: readonly string[]

  constructor(
    status: number,
    message: string,
    { code, fields = [], ...details }: ErrorDetails & { code?: ErrorCode; fields?: readonly string[] } = {},
  ) {
    super(code ?? codeOf(status), message, details)
    this.status = status
    this.fields = fields
  }
}

/** True if the API server responded with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): error is KubeApiError {
  return error instanceof KubeApiError && statuses.includes(error.status)
}

/**
 * Returns the result of `work`, or undefined if the API server responds with one of these statuses.
 */
export async function unlessStatus<T>(work: Promise<T>, ...statuses: readonly number[]): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (hasStatus(error, ...statuses)) return undefined
    throw error
  }
}

/**
 * True if Node's code of a failed connection is about the server's certificate. The server did
 * respond then.
 */
export function isUntrusted(reason: string | undefined): boolean {
  return /^(?!ERR_SSL_).*CERT|LEAF_SIGNATURE$|^INVALID_CA$|^HOSTNAME_MISMATCH$/.test(reason ?? '')
}

/** The `reason` of a KUBE_BAD_ANSWER that exceeds the caller's limit. */
export const TOO_LARGE = 'BodyTooLarge'

/** The longest pause that is honoured (milliseconds), because whole rotations wait for it. */
const WAIT_LIMIT_MS = 60_000

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'KUBE_UNAUTHORIZED',
  403: 'KUBE_FORBIDDEN',
  404: 'KUBE_NOT_FOUND',
  409: 'KUBE_CONFLICT',
  410: 'KUBE_EXPIRED',
  422: 'KUBE_INVALID',
  429: 'KUBE_THROTTLED',
}

function codeOf(status: number): ErrorCode {
  return CODES[status] ?? (status >= 500 ? 'KUBE_SERVER_ERROR' : 'KUBE_REFUSED')
}

/**
 * Creates the error for a status of 400 and above: with status, reason and the server's message,
 * which is shortened and redacted.
 */
export function errorFromResponse(
  call: string,
  status: number,
  body: string,
  retryAfter: string | undefined,
): KubeApiError {
  const { reason, message, fields } = parseStatusObject(body)
  const seconds = Number(retryAfter)
  return new KubeApiError(status, `${call} returned ${status}${message ? `: ${message}` : ''}`, {
    reason,
    fields,
    retryAfterMs: retryAfter !== undefined && seconds >= 0 ? Math.min(seconds * 1000, WAIT_LIMIT_MS) : undefined,
  })
}

/**
 * Reads reason and message of a `Status` object. Any other text is ignored, because it may be a
 * proxy's page.
 */
function parseStatusObject(body: string): {
  readonly reason: string | undefined
  readonly message: string | undefined
  readonly fields: readonly string[]
} {
  const { reason, message, details } = parseObject(body) ?? {}
  const causes = isRecord(details) && Array.isArray(details.causes) ? details.causes.slice(0, CAUSES) : []
  return {
    fields: causes.flatMap((cause) => (isRecord(cause) && typeof cause.field === 'string' ? [cause.field] : [])),
    reason: typeof reason === 'string' && reason !== '' ? reason.slice(0, 100) : undefined,
    message: typeof message === 'string' ? withoutSecrets(message) : undefined,
  }
}

/**
 * Fields of an affinity, which the API server names in its errors. Their names are so long that
 * they look like base64.
 */
const LONG_FIELD = /^(required|preferred)DuringSchedulingIgnoredDuringExecution$/

/**
 * The maximum number of causes that are read from a refusal, far more than anybody corrects at
 * once.
 */
const CAUSES = 50

/**
 * The maximum number of characters that are read, far more than a message has. A response may be up
 * to 64 MiB.
 */
const READ = 65_536

/**
 * Redacts long base64 and credentials, because an admission webhook may quote what it refuses. The
 * text is cut after redaction, because a part of a credential is not recognized.
 */
export function withoutSecrets(text: string, limit = 600): string {
  return withoutCredentials(withoutWrongValues(text.slice(0, READ)))
    .replaceAll(/[A-Za-z0-9+/=]{40,}/g, (run) => (LONG_FIELD.test(run) ? run : '(redacted)'))
    .slice(0, limit)
}
