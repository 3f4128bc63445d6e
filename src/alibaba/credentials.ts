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

/**
 * A single configured identity. There is no fallback chain: if this identity fails, the call fails.
 */
export interface CredentialProvider {
  /** The name in messages: `worker-role`, `rrsa`, `access-key`, `rrsa > acs:ram::1:role/puller`. */
  readonly name: string
  /** True if the session belongs to the node and all its Pods share it (worker role). */
  readonly sharedSession: boolean
  /**
   * Returns valid credentials, cached until they expire.
   * @throws CREDENTIALS_EXPIRED if the only credentials have expired
   */
  get(signal?: AbortSignal): Promise<Credentials>
  /**
   * Returns new credentials from the issuer. A token that is requested with new credentials gets
   * the longest possible lifetime.
   */
  fresh(signal?: AbortSignal): Promise<Credentials>
}
