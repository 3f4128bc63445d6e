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
   * Whether the registry accepts a credential; `skipped` if `verify` is disabled. Rejects only for
   * the signal.
   */
  readonly verify: (token: RegistryToken, signal: AbortSignal) => Promise<Verification>
  /** The union that the credential is limited to. */
  readonly union?: Union
  /**
   * Whether the registry lets a new credential pull the union's list; undefined if `verify` is
   * disabled. `inUse`: the credential that it would replace. Rejects only for the signal.
   */
  readonly mayPull?: (
    token: RegistryToken,
    inUse: RegistryToken | undefined,
    signal: AbortSignal,
  ) => Promise<PullVerdict>
  /**
   * Whether the credential may pull more than the union's list, tested on one other list; each turn
   * another one. Undefined if `verify` is disabled. Rejects only for the signal.
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

/** What the registry waits for. There is one request to the cloud or to the registry at most. */
export type Work =
  /** For the time at which something is due. */
  | { readonly at: 'rest' }
  /** For a token. `use`: a token of the configuration's proof is thrown away. */
  | { readonly at: 'request'; readonly use: 'proof' | 'credential'; readonly reason: RefreshReason }
  /** For the registry's verdict on that token. */
  | {
      readonly at: 'check'
      readonly use: 'proof' | 'credential'
      readonly reason: RefreshReason
      readonly token: RegistryToken
    }
  /** For a token of the earlier configuration, because the current one gives none. */
  | { readonly at: 'earlier request' }
  | { readonly at: 'earlier check'; readonly token: RegistryToken }

export interface RegistryState {
  readonly name: string
  readonly fingerprint: string
  /**
   * A follower rests, a prover requests one token to prove the configuration, the leader refreshes.
   */
  readonly role: 'follower' | 'prover' | 'leader'
  readonly work: Work
  /** The credential of the current configuration, which stays after failures (P2). */
  readonly live: Credential | undefined
  /**
   * The credential of an earlier configuration, in use until the current one gives a credential.
   */
  readonly kept: Credential | undefined
  /** This replica got the credential as the leader. Otherwise the log had it, and may be behind. */
  readonly isFresh: boolean
  /** The current configuration gave a token to this replica. */
  readonly isProven: boolean
  /** The last configuration here that gave a credential, else the first: it refreshes `kept`. */
  readonly by: RegistryEntry
  readonly verified: Verification
  /** Whether the registry let the credential in use pull the union's list. */
  readonly granted: PullVerdict | undefined
  /**
   * The last answer about the credential's width, undefined until the first one; `at`: when it was
   * asked, monotonic.
   */
  readonly measured: { readonly at: number; readonly turn: number; readonly answer?: Width } | undefined
  /** The credential in use was refused after it had been accepted, and is being replaced. */
  readonly revoked: boolean
  /** The credential in use that was refused: another refusal requests no new one. */
  readonly refused: Credential | undefined
  /** A new credential that the registry refused, held back while the one in use works. */
  readonly heldBack: RegistryToken | undefined
  /** Error of the last refresh; undefined after a success. */
  readonly error: StatusError | undefined
  /** When a requested refresh last failed, epoch milliseconds; undefined after a success. */
  readonly triedAt?: number | undefined
  readonly failures: number
  /** The previous credential no longer worked, so the rotation to this one is not paced. */
  readonly urgent: boolean
  /** When the next request is due; on both clocks, because the cloud's may be corrected. */
  readonly due: { readonly cloud: number; readonly monotonic: number } | undefined
  /** The due request is to be made whatever the schedule says. */
  readonly forced: boolean
  /** Monotonic: no request before. */
  readonly notBefore: number
  /** Monotonic: when the last request was sent. */
  readonly startedAt: number
  /** Monotonic: when a person last asked for new credentials. */
  readonly askedAt: number
  /** Nothing that was sent after `askedAt` has succeeded or failed yet. */
  readonly pending: boolean
  /** Monotonic: when the login is checked again, regularly and after a refusal. */
  readonly checkAt: number
  readonly recheckAt: number
  readonly rechecks: number
}

/** Whether a credential has reached its end, `now` on the cloud's clock. */
export function hasExpired({ expiresAt }: Pick<RegistryToken, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}

export function sameLogin(a: RegistryToken, b: RegistryToken): boolean {
  return a.username === b.username && a.password === b.password && a.domains.join() === b.domains.join()
}

/** The part of its life that has passed; 0 of a static login. */
export function partUsed({ issuedAt, expiresAt }: Pick<RegistryToken, 'issuedAt' | 'expiresAt'>, now: number): number {
  return expiresAt === null ? 0 : (now - issuedAt) / Math.max(1, expiresAt - issuedAt)
}

/**
 * Gives credentials whose registry has another name now that name. A registry is known by its
 * source: otherwise its login would go with the former name before there is another one.
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
 * The first state, or that after a reload. Of a changed configuration the credential stays in use,
 * and `by` refreshes it, until the new configuration gives one.
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
 * Whether the credential was requested for other domains, or another lifetime, than are configured
 * now.
 */
export function isOutdated({ shape }: Credential, values: RegistryValues): boolean {
  return shape !== registryShape(values)
}

/**
 * A refused new credential replaces the old one at the latest when this share of the old one's life
 * is left.
 */
const LEAST_LEFT = 1 / 10

/**
 * Until when a refused new credential is held back; undefined: it is used now. It is held back
 * while the last check of the one in use was accepted and a tenth of its life is left: a login
 * check may be wrong (an IP allowlist, throttling), but an expired credential certainly fails. A
 * refused static login is never used, because it would also break pulls of public images.
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

/** The same problem keeps the time at which it began. */
export function errorSince(known: StatusError | undefined, error: unknown, now: number): StatusError {
  const met = toStatusError(error, now)
  const isSame = known?.code === met.code && known.reason === met.reason
  return isSame ? { ...met, at: known.at } : met
}

/** Shortest lifetime of the credentials in use, milliseconds; 0 when none of them expires. */
export function shortestLife(states: readonly RegistryState[]): number {
  const lives = states.flatMap(({ live, kept }) => {
    const { issuedAt = 0, expiresAt = null } = (live ?? kept)?.token ?? {}
    return expiresAt === null ? [] : [expiresAt - issuedAt]
  })
  return lives.length === 0 ? 0 : Math.min(...lives)
}
