/**
 * How to reach one API server and authenticate to it. Certificates are PEM texts. `token` is called
 * for each request.
 */
export interface KubeConnection {
  /** `https://host:port`; http only on loopback. */
  readonly server: string
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly token?: (() => string | Promise<string>) | undefined
  /** Called after a 401, because the source of the token may have a newer one. */
  readonly forgetToken?: () => void
  /** Headers that let the user act as another user. Each name is followed by its value. */
  readonly impersonation?: readonly string[]
  readonly tlsServerName?: string | undefined
  /** The URL of the HTTP proxy; it may contain a password. */
  readonly proxy?: string | undefined
}

export interface KubeconfigOptions {
  readonly file?: string | undefined
  readonly text?: string
  readonly context?: string | undefined
  /** Holds HTTPS_PROXY and NO_PROXY. If undefined, only `proxy-url` counts. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** How long the kubeconfig's plugin may take, in milliseconds. */
  readonly pluginMs?: number
  /** Ends the kubeconfig's plugin. Without it, the plugin runs until its time is over. */
  readonly pluginSignal?: AbortSignal
}
