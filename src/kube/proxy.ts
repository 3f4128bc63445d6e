import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { NopassError } from '../errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * The proxy to an API server, as kubectl and helm choose it (client-go: tools/clientcmd, golang.org/x/net/http/httpproxy): the
 * cluster's `proxy-url`; else HTTPS_PROXY, unless the server is this machine or in NO_PROXY. HTTP_PROXY is only for http, which is
 * used on this machine alone. Of two spellings the upper case comes first.
 * Throws KUBE_CONNECTION for a proxy that is not HTTP.
 */
export function chooseProxy(
  server: string,
  proxyUrl: string | undefined,
  environment: Environment,
): string | undefined {
  if (proxyUrl) return parseProxy(proxyUrl, "the kubeconfig's proxy-url")
  const url = URL.parse(server)
  const value = environment.HTTPS_PROXY || environment.https_proxy
  if (!value || url?.protocol !== 'https:') return undefined
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === 'localhost' || contains(LOOPBACK, host)) return undefined
  if (isExcluded(environment.NO_PROXY || environment.no_proxy || '', host, url.port || '443')) return undefined
  return parseProxy(/^[a-z][a-z0-9+.-]*:\/\/./i.test(value) ? value : `http://${value}`, 'HTTPS_PROXY')
}

/** A proxy as messages name it: without user and password. */
export function nameProxy(proxy: string): string {
  return new URL(proxy).origin
}

function parseProxy(text: string, source: string): string {
  const url = URL.parse(text)
  if (url === null || !isDecodable(url.username) || !isDecodable(url.password)) {
    // The text may hold a password.
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

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** Whether NO_PROXY names this host. Node's own rules know neither subdomains of a plain name nor CIDRs. */
function isExcluded(noProxy: string, host: string, port: string): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry === '*' || isRange(entry, host) || isHost(entry, host, port))
}

function isRange(entry: string, host: string): boolean {
  const [, base = '', bits] = /^([^/%]+)\/(\d+)$/.exec(entry) ?? []
  const family = isIP(base)
  const prefix = Number(bits)
  if (family === 0 || prefix > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(base, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return contains(list, host)
}

/** `address`, `name` (with its subdomains), `.name` or `*.name` (only those), each with or without `:port`. */
function isHost(entry: string, host: string, port: string): boolean {
  const parts = /^\[(.*)\]:([^:]*)$/.exec(entry) ?? /^([^:]*):([^:]*)$/.exec(entry)
  const [, named = entry, ofPort = ''] = parts ?? []
  if (named === '' || (ofPort !== '' && ofPort !== port)) return false
  if (isIP(named) !== 0 && !named.includes('%')) {
    const list = new BlockList()
    list.addAddress(named, isIP(named) === 4 ? 'ipv4' : 'ipv6')
    return contains(list, host)
  }
  if (isIP(host) !== 0) return false
  const pattern = toAscii(named.startsWith('*.') ? named.slice(1) : named)
  return pattern.startsWith('.') ? host.endsWith(pattern) : host === pattern || host.endsWith(`.${pattern}`)
}

function toAscii(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range begins with them.
  return /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name)
}

function contains(list: BlockList, host: string): boolean {
  const family = isIP(host)
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
