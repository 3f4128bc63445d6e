import type { RegistryToken } from '../../acr/registry-token.ts'
import type { TokenSource } from '../../acr/token-source.ts'
import type { StatusError } from '../../release/helper-status.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'

/** An active credential. Times on the cloud's clock, epoch milliseconds. */
export interface LiveToken {
  readonly name: string
  /** Of the registry's configuration when it was asked for. */
  readonly fingerprint: string
  /** Of the registry's configuration then: under which domains, for how long (registryShape). Undefined: not known. */
  readonly shape?: string | undefined
  readonly token: RegistryToken
  /** Null: it does not expire. */
  readonly refreshAt: number | null
  /**
   * `proof`: fetched by a replica that did not lead, to show that the configuration works; the Secrets may hold a newer one.
   * `restored`: read back from the helper's own copy, which a crash or a late write may have left behind the others.
   * `kept`: of an earlier configuration of this registry; its entry stays until there is a credential of the present one.
   */
  readonly origin?: 'proof' | 'restored' | 'kept'
}

export type Verification = 'accepted' | 'refused' | 'unreachable' | 'skipped'

/** The state of one registry. */
export interface RegistryState {
  readonly name: string
  readonly fingerprint: string
  /** The last good one, which stays after failures (P2). */
  readonly live: LiveToken | undefined
  /** The entry that Secrets hold although there is no credential under the present configuration. */
  readonly kept: LiveToken | undefined
  readonly verified: Verification
  /** Of the last refresh, until one succeeds. */
  readonly error: StatusError | undefined
  /** When one that was asked for out of turn failed last, epoch milliseconds; undefined since one succeeded. */
  readonly triedAt?: number | undefined
  /** Consecutive failed refreshes. */
  readonly failures: number
  /** The credential in use no longer works: what replaces it is not paced. */
  readonly urgent: boolean
}

export type RegistryValues = HelperConfig['registries'][number]

/** A configured registry and its token source. */
export interface RegistryEntry {
  readonly name: string
  readonly values: RegistryValues
  readonly source: TokenSource
  /** Whether the registry itself takes a credential; `skipped` where values say not to ask. Never rejects but for the signal. */
  readonly verify: (token: RegistryToken, signal: AbortSignal) => Promise<Verification>
}

/** Whether it was issued before the other; a static login never is. */
export function isOlder({ token }: LiveToken, other: LiveToken): boolean {
  return token.expiresAt !== null && token.issuedAt < other.token.issuedAt
}

/** Whether a credential has reached its end, `now` on the cloud's clock. */
export function isOver({ expiresAt }: Pick<RegistryToken, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}
