import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Chooses the proxy for a URL as Go programs such as helm do (golang.org/x/net/http/httpproxy).
 * This is HTTP_PROXY or HTTPS_PROXY by the scheme, unless the host is this machine or in NO_PROXY.
 * Upper-case variables take precedence. Node's own rules differ.
 */
export function proxyOf(url: URL, environment: ProxyEnvironment): string | undefined {
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy, NO_PROXY, no_proxy } = environment
  const value = url.protocol === 'https:' ? HTTPS_PROXY || https_proxy : HTTP_PROXY || http_proxy
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!value || host === 'localhost' || contains(LOOPBACK, host)) return undefined
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (isExcluded(NO_PROXY || no_proxy || '', host, port)) return undefined
  return /^[a-z][a-z0-9+.-]*:\/\/./i.test(value) ? value : `http://${value}`
}

/** Options for Node's agents that force this proxy. */
export function agentProxy(proxy: string | undefined): { readonly proxyEnv?: NodeJS.ProcessEnv } {
  return proxy === undefined ? {} : { proxyEnv: { http_proxy: proxy, https_proxy: proxy } }
}

/**
 * True if NO_PROXY matches this host. Node's own rules support neither subdomains of a plain name
 * nor CIDRs.
 */
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

/**
 * Matches `address`, `name` (and its subdomains), `.name` or `*.name` (only subdomains), each with
 * or without `:port`.
 */
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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins with control characters
  return /^[\x00-\x7f]*$/.test(name) ? name : domainToASCII(name)
}

function contains(list: BlockList, host: string): boolean {
  const family = isIP(host)
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

/** True if a host name (as in `URL.hostname`) is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
