import type { CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import type { Endpoints } from '../alibaba/transport/endpoints.ts'
import type { OwnDomain } from './registry-domains.ts'

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

/** A login before its domains are chosen, with all those that the registry itself has. */
export interface FetchedLogin extends Omit<RegistryToken, 'domains'> {
  readonly own: readonly OwnDomain[]
}

/** Gets a new login. @throws NopassError */
export type LoginFetch = (signal: AbortSignal) => Promise<FetchedLogin>

export interface RegistryApi {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
  /** 0 (included) to 1 (excluded); default: this machine's. */
  readonly random?: () => number
}
