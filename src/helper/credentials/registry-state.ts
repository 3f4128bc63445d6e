import type { RegistryToken } from '../../acr/registry-token.ts'
import type { TokenSource } from '../../acr/token-source.ts'
import type { StatusError } from '../../release/helper-status.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
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
  readonly verified: Verification
  /** The credential in use was refused after it had been accepted, and is being replaced; a reload goes on with that. */
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

/** Whether it was issued before the other, of a proof also: perhaps; a static login never is. */
export function isOlder({ token, origin }: LiveToken, other: LiveToken): boolean {
  const from = origin === 'proof' ? token.issuedAt - CLOCKS_DIFFER_MS : token.issuedAt
  return token.expiresAt !== null && from < other.token.issuedAt
}

/** Whether a credential has reached its end, `now` on the cloud's clock. */
export function hasExpired({ expiresAt }: Pick<RegistryToken, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}
