/** How to reach and authenticate to one API server. PEM texts; `token` is asked for each request. */
export interface KubeConnection {
  /** `https://host:port`; http only on loopback. */
  readonly server: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly token?: () => string | Promise<string>
  /** Called when the server did not know the token: where it comes from may have a newer one. */
  readonly forgetToken?: () => void
  readonly tlsServerName?: string
  /** The HTTP proxy to it, a URL that may hold a password. */
  readonly proxy?: string
}

export interface KubeconfigSource {
  readonly file?: string
  readonly text?: string
  readonly context?: string
  /** Where HTTPS_PROXY and NO_PROXY are read from; without it only `proxy-url` counts. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}
