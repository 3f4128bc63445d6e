import { ERROR_CODES } from '../../error-codes.ts'
import type { ErrorCode } from '../../errors.ts'
import { isRecord, parseObject } from '../../lib/json.ts'

/** The time of a record: the ID of a boot, and milliseconds since that boot. */
export interface BootTime {
  readonly boot: string
  /** Never set by anyone, unlike the clock of the machine. Continues while the machine sleeps. */
  readonly uptime: number
}

/** The last login of an identity and list, and the last failure to renew it. */
export interface LoginRecord {
  /** Times of another boot mean nothing. */
  readonly boot: string
  readonly login?: StoredLogin
  readonly failure?: StoredFailure
}

/** A login; its times are epoch milliseconds on the cloud's clock. */
export interface StoredLogin {
  readonly username: string
  readonly password: string
  readonly domains: readonly string[]
  readonly expiresAt: number
  readonly refreshAt: number
  /** The cloud's clock minus the uptime, when the cloud last responded. */
  readonly cloudAhead: number
  /** The cloud has refused to renew it. */
  readonly refused?: boolean
}

export interface StoredFailure {
  /** The uptime. */
  readonly at: number
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

/** Reads a record. Undefined if it is not complete, as of another version of acr-nopass. */
export function readRecord(text: string): LoginRecord | undefined {
  const { boot, login, failure } = parseObject(text) ?? {}
  if (typeof boot !== 'string' || (login !== undefined && !isLogin(login))) return undefined
  return { boot, ...(login !== undefined && { login }), ...(isFailure(failure) && { failure }) }
}

function isLogin(value: unknown): value is StoredLogin {
  if (!isRecord(value)) return false
  const { username, password, domains, expiresAt, refreshAt, cloudAhead } = value
  return (
    [username, password].every((text) => typeof text === 'string' && text !== '') &&
    Array.isArray(domains) &&
    domains.every((domain) => typeof domain === 'string') &&
    [expiresAt, refreshAt, cloudAhead].every(Number.isFinite)
  )
}

function isFailure(value: unknown): value is StoredFailure {
  if (!isRecord(value)) return false
  const { at, code, message, hint } = value
  const isKnown = typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)
  return Number.isFinite(at) && isKnown && [message, hint].every((text) => typeof text === 'string')
}

/** A login to use, and for how many seconds the kubelet may keep it. */
export interface UsableLogin {
  readonly login: StoredLogin
  readonly seconds: number
}

export type Decision =
  | ({ readonly kind: 'use' } & UsableLogin)
  /** The renewal failed while this request waited for it, or a moment ago. */
  | { readonly kind: 'failed'; readonly failure: StoredFailure }
  | { readonly kind: 'renew' }

/** After a failure, the last login is used for this long without a call (milliseconds). */
const PAUSE_MS = 15_000

/** Decides what a request does with the record of its login. `startedAt`: the request's uptime. */
export function decideLogin(record: LoginRecord | undefined, time: BootTime, startedAt: number): Decision {
  if (record === undefined || record.boot !== time.boot) return { kind: 'renew' }
  const { login, failure } = record
  if (login !== undefined && cloudNow(login, time) < login.refreshAt) {
    return { kind: 'use', login, seconds: (login.refreshAt - cloudNow(login, time)) / 1000 }
  }
  if (failure === undefined) return { kind: 'renew' }
  const isShared = failure.at >= startedAt
  const isPause = lastLogin(record, failure.code, time) !== undefined && time.uptime - failure.at < PAUSE_MS
  return isShared || isPause ? { kind: 'failed', failure } : { kind: 'renew' }
}

/**
 * Returns the last login after a failure. While the cloud does not respond, an expired login is
 * returned too: a cached image starts with any login (docs/en/decisions.md#node-login).
 */
export function lastLogin(record: LoginRecord | undefined, code: ErrorCode, time: BootTime): UsableLogin | undefined {
  const login = record?.boot === time.boot ? record.login : undefined
  if (login === undefined) return undefined
  const rest = login.expiresAt - cloudNow(login, time)
  if (rest > 0) return { login, seconds: Math.min(rest, PAUSE_MS) / 1000 }
  return isRefusal(code) || login.refused ? undefined : { login, seconds: 0 }
}

/** Codes with which the cloud decided against the identity or its rights. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CLOUD_DENIED',
  'CLOUD_NOT_FOUND',
  'CLOUD_REJECTED',
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_REFUSED',
  'IDENTITY_NOT_TRUSTED',
  'LIMIT_TOO_LONG',
  'REGISTRY_NO_DOMAIN',
  'REGISTRY_NOT_FOUND',
])

export function isRefusal(code: ErrorCode): boolean {
  return REFUSALS.has(code)
}

function cloudNow({ cloudAhead }: StoredLogin, { uptime }: BootTime): number {
  return cloudAhead + uptime
}
