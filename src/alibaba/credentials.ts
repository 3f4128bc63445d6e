/** An access key, or a session (with `securityToken`). Times are epoch milliseconds on the cloud's clock. */
export interface Credentials {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken?: string
  readonly issuedAt?: number
  readonly expiresAt?: number
}

/** One configured way to be somebody. Never a chain of guesses: it is this identity or an error. */
export interface CredentialProvider {
  /** What it is, for messages: `worker-role`, `rrsa`, `access-key`, `rrsa > acs:ram::1:role/puller`. */
  readonly name: string
  /** True where the session is handed out by the machine and not made for us (worker role). */
  readonly sharedSession: boolean
  /** Live credentials, from memory while they last. Throws CREDENTIALS_EXPIRED, never returns expired ones. */
  get(signal?: AbortSignal): Promise<Credentials>
  /** Asks the issuer again: a token asked for with these lives as long as the issuer allows. */
  fresh(signal?: AbortSignal): Promise<Credentials>
}
