import type { Endpoints } from '../alibaba/endpoints.ts'
import type { Transport } from '../alibaba/transport.ts'

/** A login to a registry and the keys it is written under. Times are epoch milliseconds on the cloud's clock. */
export interface RegistryToken {
  readonly username: string
  readonly password: string
  readonly issuedAt: number
  /** Null: it does not expire (static). */
  readonly expiresAt: number | null
  /** `host` or `host/namespace`, sorted. */
  readonly domains: readonly string[]
}

/** One new token, of one edition. Rejects with a NopassError. */
export type TokenFetch = (signal: AbortSignal) => Promise<RegistryToken>

/** Where an edition's token comes from. */
export interface RegistryApi {
  readonly transport: Transport
  readonly endpoints: Endpoints
}
