import type { PullVerdict } from '../../acr/query-manifest.ts'
import { registryShape } from '../../acr/registry-config.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import type { TokenSource } from '../../acr/token-source.ts'
import type { Union } from '../../acr/unions.ts'
import { type StatusError, toStatusError } from '../../installation/helper-status.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'

export const NEVER: number = Number.POSITIVE_INFINITY

/** A credential of a registry. Times on the cloud's clock, epoch milliseconds. */
export interface Credential {
  readonly name: string
  /** Fingerprint of the registry's configuration when the credential was requested. */
  readonly fingerprint: string
  /** The domains and the lifetime that were configured then (registryShape). */
  readonly shape: string
  readonly token: RegistryToken
  /** Null: the credential does not expire. */
  readonly refreshAt: number | null
}

export type Verification = 'accepted' | 'refused' | 'unreachable' | 'skipped'

export type RegistryValues = HelperConfig['registries'][number]

/** Whether a credential may pull more than its list, by the registry's own responses. */
export interface Width {
  readonly width: 'limited' | 'too-wide' | 'not-checked'
  /** One line without secrets. */
  readonly reason: string
}

/** A configured registry and its token source. */
export interface RegistryEntry {
  readonly name: string
  readonly values: RegistryValues
  readonly source: TokenSource
  /**
   * Checks whether the registry accepts a credential. `skipped` if `verify` is disabled. Rejects
   * only when the signal aborts.
   */
  readonly verify: (token: RegistryToken, signal: AbortSignal) => Promise<Verification>
  /** The union that the credential is limited to. */
  readonly union?: Union
  /**
   * Checks whether a new credential may pull the union's list. `inUse`: the credential that would
   * be replaced. Undefined if `verify` is disabled. Rejects only when the signal aborts.
   */
  readonly mayPull?: (
    token: RegistryToken,
    inUse: RegistryToken | undefined,
    signal: AbortSignal,
  ) => Promise<PullVerdict>
  /**
   * Checks whether the credential may pull from one list of other entries, which it must not.
   * `turn` selects that list. Undefined if `verify` is disabled. Rejects only when the signal
   * aborts.
   */
  readonly measure?: (token: RegistryToken, turn: number, signal: AbortSignal) => Promise<Width>
}

/** How a configuration's credentials are obtained. */
export interface RegistryEntries {
  /** The entries that are not limited. Each has a credential of its own. */
  readonly unlimited: readonly RegistryEntry[]
  of(union: Union): RegistryEntry
}

/**
 * `due`: by the schedule; `retried`: after a failure; `coalesced`: with another registry; `forced`:
 * on request.
 */
export type RefreshReason = 'due' | 'retried' | 'coalesced' | 'forced'

/**
 * What the registry waits for. At most one request, to the cloud or to the registry, runs at a
 * time.
 */
export type Work =
  /** Waits until something is due. */
  | { readonly at: 'rest' }
  /**
   * Requests a token. With `use: 'proof'` the token only proves the configuration, and is
   * discarded.
   */
  | { readonly at: 'request'; readonly use: 'proof' | 'credential'; readonly reason: RefreshReason }
  /** Waits for the registry's verdict on that token. */
  | {
      readonly at: 'check'
      readonly use: 'proof' | 'credential'
      readonly reason: RefreshReason
      readonly token: RegistryToken
    }
  /** A token of the earlier configuration, because the current configuration gets none. */
  | { readonly at: 'earlier request' }
  | { readonly at: 'earlier check'; readonly token: RegistryToken }

export interface RegistryState {
  readonly name: string
  readonly fingerprint: string
  /**
   * A follower requests nothing. A prover requests one token to prove the configuration. The leader
   * refreshes.
   */
  readonly role: 'follower' | 'prover' | 'leader'
  readonly work: Work
  /** The credential of the current configuration, which stays after failures (P2). */
  readonly live: Credential | undefined
  /**
   * The credential of an earlier configuration, in use until the current configuration gets a
   * credential.
   */
  readonly kept: Credential | undefined
  /**
   * True if this replica obtained the credential as the leader. False if it comes from the log,
   * which may be outdated.
   */
  readonly isFresh: boolean
  /** True if this replica obtained a token with the current configuration. */
  readonly isProven: boolean
  /**
   * The entry that refreshes `kept`: of the last configuration that obtained a credential here,
   * else of the first configuration.
   */
  readonly by: RegistryEntry
  readonly verified: Verification
  /** Whether the credential in use may pull the union's list. */
  readonly granted: PullVerdict | undefined
  /**
   * The last check of the credential's width. Undefined before the first check. `at`: when the
   * check began, monotonic.
   */
  readonly measured: { readonly at: number; readonly turn: number; readonly answer?: Width } | undefined
  /** True if the credential in use was accepted, then refused, and is being replaced. */
  readonly revoked: boolean
  /**
   * The credential in use, if it was refused. A second refusal does not request another credential.
   */
  readonly refused: Credential | undefined
  /**
   * A new credential that the registry refused. It is held back while the credential in use works.
   */
  readonly heldBack: RegistryToken | undefined
  /** Error of the last refresh; undefined after a success. */
  readonly error: StatusError | undefined
  /** When a requested refresh last failed, epoch milliseconds; undefined after a success. */
  readonly triedAt?: number | undefined
  readonly failures: number
  /** True if the previous credential no longer worked. The rotation then waits for no other. */
  readonly urgent: boolean
  /** When the next request is due, on both clocks, because the cloud's clock may be corrected. */
  readonly due: { readonly cloud: number; readonly monotonic: number } | undefined
  /** True if the due request ignores the schedule. */
  readonly forced: boolean
  /** Monotonic: the earliest time of the next request. */
  readonly notBefore: number
  /** Monotonic: when the last request was sent. */
  readonly startedAt: number
  /** Monotonic: when a person last asked for new credentials. */
  readonly askedAt: number
  /** True until a request that was sent after `askedAt` succeeds or fails. */
  readonly pending: boolean
  /** Monotonic: when the login is checked again, regularly and after a refusal. */
  readonly checkAt: number
  readonly recheckAt: number
  readonly rechecks: number
}

/** Returns whether a credential has expired. `now`: by the cloud's clock. */
export function hasExpired({ expiresAt }: Pick<RegistryToken, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}

export function sameLogin(a: RegistryToken, b: RegistryToken): boolean {
  return a.username === b.username && a.password === b.password && a.domains.join() === b.domains.join()
}

/** Returns the elapsed part of a token's lifetime; 0 for a static login. */
export function partUsed({ issuedAt, expiresAt }: Pick<RegistryToken, 'issuedAt' | 'expiresAt'>, now: number): number {
  return expiresAt === null ? 0 : (now - issuedAt) / Math.max(1, expiresAt - issuedAt)
}

/**
 * Renames credentials whose registry was renamed. The registry is recognized by its source. Without
 * this, its login would disappear with the old name before there is a new login.
 */
export function renamed<T extends Credential>(credentials: readonly T[], entries: readonly RegistryEntry[]): T[] {
  const names = new Set(entries.map(({ name }) => name))
  const taken = new Set(credentials.map(({ name }) => name))
  return credentials.map((one) => {
    if (names.has(one.name)) return one
    const entry = entries.find(({ name, source }) => source.key === one.fingerprint && !taken.has(name))
    if (entry === undefined) return one
    taken.add(entry.name)
    return { ...one, name: entry.name }
  })
}

/**
 * Returns the first state, or the state after a reload. If the configuration changed, the old
 * credential stays in use until the new configuration obtains a credential; until then `by`
 * refreshes it.
 */
export function initialState(entry: RegistryEntry, before: RegistryState | undefined): RegistryState {
  const by = before === undefined || before.by.source.key === entry.source.key ? entry : before.by
  const start = { ...START, name: entry.name, fingerprint: entry.source.key, by }
  if (before === undefined) return start
  const { live, kept, isFresh } = before
  if (before.fingerprint !== start.fingerprint) return { ...start, kept: live ?? kept, isFresh }
  const { isProven, verified, granted, measured, revoked, error, triedAt, failures, urgent } = before
  return {
    ...start,
    live,
    kept,
    isFresh,
    isProven,
    verified,
    granted,
    measured,
    revoked,
    error,
    triedAt,
    failures,
    urgent,
  }
}

const START: Omit<RegistryState, 'name' | 'fingerprint' | 'by'> = {
  role: 'follower',
  work: { at: 'rest' },
  live: undefined,
  kept: undefined,
  isFresh: false,
  isProven: false,
  verified: 'skipped',
  granted: undefined,
  measured: undefined,
  revoked: false,
  refused: undefined,
  heldBack: undefined,
  error: undefined,
  failures: 0,
  urgent: false,
  due: undefined,
  forced: false,
  notBefore: -NEVER,
  startedAt: -NEVER,
  askedAt: -NEVER,
  pending: false,
  checkAt: NEVER,
  recheckAt: NEVER,
  rechecks: 0,
}

/**
 * Returns true if the configured domains or lifetime have changed since the credential was
 * requested.
 */
export function isOutdated({ shape }: Credential, values: RegistryValues): boolean {
  return shape !== registryShape(values)
}

/**
 * A refused new credential replaces the old credential when this share of the old credential's
 * lifetime is left.
 */
const LEAST_LEFT = 1 / 10

/**
 * Returns until when a refused new credential is held back. Undefined if it is used now. It is held
 * back while the credential in use was accepted at its last check and has more than a tenth of its
 * lifetime left. A login check may be wrong (an IP allowlist, throttling), but an expired
 * credential certainly fails. A refused static login is never used, because it would also break
 * pulls of public images.
 */
export function heldBackUntil(
  refused: RegistryToken,
  { live, verified }: Pick<RegistryState, 'live' | 'verified'>,
  now: number,
): number | undefined {
  if (refused.expiresAt === null) return Number.POSITIVE_INFINITY
  if (live === undefined || verified !== 'accepted') return undefined
  const { issuedAt, expiresAt } = live.token
  const until = expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - LEAST_LEFT * (expiresAt - issuedAt)
  return now < until ? until : undefined
}

/** Returns the error for the status. A problem that continues keeps the time at which it began. */
export function errorSince(known: StatusError | undefined, error: unknown, now: number): StatusError {
  const met = toStatusError(error, now)
  const isSame = known?.code === met.code && known.reason === met.reason
  return isSame ? { ...met, at: known.at } : met
}
