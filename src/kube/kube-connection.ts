/**
 * How to reach and authenticate to one API server. PEM texts; `token` is called for each request.
 */
export interface KubeConnection {
  /** `https://host:port`; http only on loopback. */
  readonly server: string
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly token?: (() => string | Promise<string>) | undefined
  /** Called after a 401: the source of the token may have a newer one. */
  readonly forgetToken?: () => void
  /** Headers, each name followed by its value, by which the user acts as another. */
  readonly impersonation?: readonly string[]
  readonly tlsServerName?: string | undefined
  /** The URL of the HTTP proxy; it may contain a password. */
  readonly proxy?: string | undefined
}

export interface KubeconfigOptions {
  readonly file?: string | undefined
  readonly text?: string
  readonly context?: string | undefined
  /** Holds HTTPS_PROXY and NO_PROXY; without it only `proxy-url` counts. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** How long its plugin may take, milliseconds. */
  readonly pluginMs?: number
}
