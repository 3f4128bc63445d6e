import { NopassError } from '../errors.ts'
import { orElse } from '../lib/or-else.ts'
import { type ProxyEnvironment, proxyOf } from '../proxy-rules.ts'

/**
 * Chooses the proxy to an API server as kubectl and helm do (client-go: tools/clientcmd,
 * golang.org/x/net/http/httpproxy). The cluster's `proxy-url` comes first, then HTTPS_PROXY, unless
 * the server is this machine or in NO_PROXY. HTTP_PROXY is only for http, which is used only on
 * this machine. Upper-case variables take precedence.
 * @throws KUBE_CONNECTION for a proxy that is not HTTP
 */
export function chooseProxy(
  server: string,
  proxyUrl: string | undefined,
  environment: ProxyEnvironment,
): string | undefined {
  if (proxyUrl) return parseProxy(proxyUrl, "the kubeconfig's proxy-url")
  const url = URL.parse(server)
  const value = url?.protocol === 'https:' ? proxyOf(url, environment) : undefined
  return value === undefined ? undefined : parseProxy(value, 'HTTPS_PROXY')
}

function parseProxy(text: string, source: string): string {
  const url = URL.parse(text)
  const login = url && orElse(() => decodeURIComponent(`${url.username}:${url.password}`), undefined)
  if (url === null || login === undefined) {
    // The message does not quote the text, because it may contain a password.
    throw new NopassError('KUBE_CONNECTION', `${source} is not a URL`, {
      hint: 'Write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with special characters percent-encoded.',
    })
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') return url.href
  const scheme = url.protocol.slice(0, -1)
  throw new NopassError(
    'KUBE_CONNECTION',
    `${source} has the scheme ${scheme}, but only http and https are supported`,
    {
      hint: scheme.startsWith('socks')
        ? 'kubectl and helm can use a SOCKS5 proxy, acr-nopass cannot: use an HTTP proxy, or list the API server in NO_PROXY where it can be reached directly (for a proxy-url: take it out of the kubeconfig).'
        : 'Use an HTTP proxy: http://HOST:PORT or https://HOST:PORT.',
    },
  )
}
