/**
 * A login to a registry, and the keys that it is written under. Times are epoch milliseconds on the
 * cloud's clock.
 */
export interface RegistryToken {
  readonly username: string
  readonly password: string
  readonly issuedAt: number
  /** Null if the login does not expire (static). */
  readonly expiresAt: number | null
  /** `host` or `host/namespace`, sorted. */
  readonly domains: readonly string[]
}
