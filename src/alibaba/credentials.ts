/**
 * An access key, or a session (with `securityToken`). Times are epoch milliseconds on the cloud's
 * clock.
 */
export interface Credentials {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken?: string
  readonly issuedAt?: number
  readonly expiresAt?: number
}

/** A single configured identity. There is no fallback chain: it works or the call fails. */
export interface CredentialProvider {
  /** For messages: `worker-role`, `rrsa`, `access-key`, `rrsa > acs:ram::1:role/puller`. */
  readonly name: string
  /** The session is the node's and shared by all its Pods (worker role). */
  readonly sharedSession: boolean
  /**
   * Valid credentials, cached until they expire.
   * @throws CREDENTIALS_EXPIRED rather than returning expired ones
   */
  get(signal?: AbortSignal): Promise<Credentials>
  /**
   * New credentials from the issuer: a token that is requested with them gets the longest possible
   * life.
   */
  fresh(signal?: AbortSignal): Promise<Credentials>
}
