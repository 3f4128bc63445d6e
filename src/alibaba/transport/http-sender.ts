import http from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import { exchange } from '../../lib/http-exchange.ts'
import { agentProxy, proxyOf } from '../../proxy-rules.ts'

export interface HttpRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The limit for the whole exchange, in milliseconds. */
  readonly timeout: number
  /**
   * True if the request must not use a proxy: for link-local services such as instance metadata.
   */
  readonly direct?: boolean
}

export interface HttpResponse {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/**
 * Sends one request and reads the response. Without a complete response, it rejects with Node's own
 * error, whose `code` is the reason.
 */
export type HttpSender = (request: HttpRequest, signal?: AbortSignal) => Promise<HttpResponse>

export interface HttpOptions {
  /** PEM certificates to trust in addition to the public ones (`caBundle`). */
  readonly ca?: string | undefined
  /** Holds HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  readonly proxyEnv?: NodeJS.ProcessEnv | undefined
}

/** No response of the cloud or a registry is larger (bytes). */
const MAX_BODY = 8 * 1024 * 1024

/** Uses keep-alive agents. Chooses proxies as Go programs do: never for loopback. */
export function createHttpSender(options: HttpOptions = {}): HttpSender {
  const ca = options.ca ? [...tls.getCACertificates('default'), options.ca] : undefined
  // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes the default.
  const common = { keepAlive: true, maxSockets: 16, rejectUnauthorized: true, ...(ca && { ca }) }
  const agents = new Map<string, http.Agent>()
  const agentOf = (protocol: string, proxy: string | undefined): http.Agent => {
    const key = `${protocol} ${proxy}`
    const Agent = protocol === 'http:' ? http.Agent : https.Agent
    const agent = agents.get(key) ?? new Agent({ ...common, ...agentProxy(proxy) })
    agents.set(key, agent)
    return agent
  }
  return async (request, signal) => {
    const proxy = request.direct ? undefined : proxyOf(request.url, options.proxyEnv ?? {})
    const agent = agentOf(request.url.protocol, proxy)
    const timeout = AbortSignal.timeout(request.timeout)
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    try {
      const { status, headers, body } = await exchange({ ...request, agent, limit: MAX_BODY }, either)
      return { status, headers, text: body.toString() }
    } catch (error) {
      // Node reports a timeout in the middle of a body as an abort.
      throw timeout.aborted && !signal?.aborted ? timeout.reason : error
    }
  }
}
