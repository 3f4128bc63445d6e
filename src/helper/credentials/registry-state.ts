import { registryShape } from '../../acr/registry-config.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import type { TokenSource } from '../../acr/token-source.ts'
import { type StatusError, toStatusError } from '../../installation/helper-status.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { CLOCKS_DIFFER_MS } from '../plan/plan-secret.ts'

/** An active credential. Times on the cloud's clock, epoch milliseconds. */
export interface LiveToken {
  readonly name: string
  /** Fingerprint of the registry's configuration when it was requested. */
  readonly fingerprint: string
  /** The configured domains and lifetime at that time (registryShape). Undefined: not known. */
  readonly shape?: string | undefined
  readonly token: RegistryToken
  /** Null: it does not expire. */
  readonly refreshAt: number | null
  /**
   * `proof`: fetched by a follower to verify the configuration; the Secrets may have a newer one.
   * `restored`: read from the helper's own copy, which may be older than other Secrets after a crash or a late write.
   * `kept`: of an earlier configuration of this registry; its entry stays until there is a credential of the current one.
   */
  readonly origin?: 'proof' | 'restored' | 'kept'
}

export type Verification = 'accepted' | 'refused' | 'unreachable' | 'skipped'

export interface RegistryState {
  readonly name: string
  readonly fingerprint: string
  /** The last good one, which stays after failures (P2). */
  readonly live: LiveToken | undefined
  /** The entry that Secrets keep while there is no credential of the current configuration. */
  readonly kept: LiveToken | undefined
  /** The last configuration here that gave a credential, else the first: refreshes `kept` (docs/en/decisions.md#readiness). */
  readonly by: RegistryEntry
  readonly verified: Verification
  /** The credential in use was refused after it had been accepted, and is being replaced; a reload continues with that. */
  readonly revoked?: boolean
  /** Error of the last refresh; undefined after a success. */
  readonly error: StatusError | undefined
  /** When a forced refresh last failed, epoch milliseconds; undefined after a success. */
  readonly triedAt?: number | undefined
  readonly failures: number
  /** The previous credential no longer worked, so the rotation to this one is not paced. */
  readonly urgent: boolean
}

export type RegistryValues = HelperConfig['registries'][number]

/** A configured registry and its token source. */
export interface RegistryEntry {
  readonly name: string
  readonly values: RegistryValues
  readonly source: TokenSource
  /** Whether the registry accepts a credential; `skipped` if `verify` is disabled. Rejects only for the signal. */
  readonly verify: (token: RegistryToken, signal: AbortSignal) => Promise<Verification>
}

/** The same credential as one of an earlier configuration, whose expiry is ignored. */
export function asKept(live: LiveToken): LiveToken {
  return { ...live, origin: 'kept' }
}

/** The same under the name that the registry has now. */
export function renamed(state: RegistryState, name: string): RegistryState {
  const { live, kept } = state
  return { ...state, name, live: live && { ...live, name }, kept: kept && { ...kept, name } }
}

/** Whether it was issued before the other, of a proof also: perhaps; a static login never is. */
export function isIssuedBefore({ token, origin }: LiveToken, other: LiveToken): boolean {
  const from = origin === 'proof' ? token.issuedAt - CLOCKS_DIFFER_MS : token.issuedAt
  return token.expiresAt !== null && from < other.token.issuedAt
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

/** `before`: the state before a reload; of a changed configuration only the entry in the Secrets is kept. */
export function initialState(entry: RegistryEntry, before: RegistryState | undefined): RegistryState {
  const by = before === undefined || before.by.source.key === entry.source.key ? entry : before.by
  if (before?.fingerprint === entry.source.key) return { ...before, by }
  const last = before?.live ?? before?.kept
  return {
    name: entry.name,
    fingerprint: entry.source.key,
    live: undefined,
    kept: last && last.origin !== 'proof' ? asKept(last) : undefined,
    by,
    verified: 'skipped',
    error: undefined,
    failures: 0,
    urgent: false,
  }
}

/** The newer of both. `kept` may be newer if the configuration was changed and changed back while our own copy could not be written. */
export function newestOf(found: LiveToken, kept: LiveToken | undefined): LiveToken {
  if (kept?.fingerprint !== found.fingerprint || !isIssuedBefore(found, kept)) return found
  // The newer one may still expire sooner.
  return (kept.token.expiresAt ?? 0) < (found.token.expiresAt ?? 0) ? found : kept
}

/** Whether the credential was requested for other domains, or another lifetime, than are configured now. */
export function isOutdated({ shape, token }: LiveToken, values: RegistryValues): boolean {
  if (shape !== undefined) return shape !== registryShape(values)
  // Notes of 0.1.0 have no shape: only missing domains can be detected, not superfluous ones.
  return values.domains.some((domain) => !token.domains.includes(domain.toLowerCase()))
}

/** A refused new credential replaces the old one at the latest when this share of the old one's life is left. */
const LEAST_LEFT = 1 / 10

/**
 * Until when a refused new credential is held back; undefined: it is used now. It is held back while the last check of the one in
 * use was accepted and a tenth of its life is left: a login check may be wrong (an IP allowlist, throttling), but an expired
 * credential certainly fails. A refused static login is never used, because it would also break pulls of public images.
 */
export function heldBackUntil(
  refused: RegistryToken,
  { live, verified }: RegistryState,
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
