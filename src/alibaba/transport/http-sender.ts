import http from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import { ByteCollector } from '../../lib/byte-collector.ts'
import { agentProxy, proxyOf } from '../../proxy-rules.ts'

export interface HttpRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The whole exchange, milliseconds. */
  readonly timeout: number
  /** Link-local services such as instance metadata are never asked through a proxy. */
  readonly direct?: boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** One exchange. Rejects with Node's own error (its `code` says why) when there is no whole answer. */
export type HttpSender = (request: HttpRequest, signal?: AbortSignal) => Promise<HttpAnswer>

export interface HttpOptions {
  /** PEM certificates to trust besides the public ones (`caBundle`). */
  readonly ca?: string | undefined
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read from. */
  readonly proxyEnv?: NodeJS.ProcessEnv | undefined
}

/** An answer larger than this is none of ours (bytes). */
const MAX_BODY = 8 * 1024 * 1024

/** A sender over keep-alive agents; which requests take a proxy is decided as Go programs do, never for loopback. */
export function createHttpSender(options: HttpOptions = {}): HttpSender {
  const ca = options.ca ? [...tls.getCACertificates('default'), options.ca] : undefined
  const secure = { keepAlive: true, maxSockets: 16, ...(ca && { ca }) }
  const plain = { keepAlive: true, maxSockets: 16 }
  const agents = new Map<string, http.Agent>()
  const agentOf = (protocol: string, proxy: string | undefined): http.Agent => {
    const key = `${protocol} ${proxy}`
    const agent =
      agents.get(key) ??
      (protocol === 'http:'
        ? new http.Agent({ ...plain, ...agentProxy(proxy) })
        : new https.Agent({ ...secure, ...agentProxy(proxy) }))
    agents.set(key, agent)
    return agent
  }
  return async (request, signal) => {
    const proxy = request.direct ? undefined : proxyOf(request.url, options.proxyEnv ?? {})
    const agent = agentOf(request.url.protocol, proxy)
    return exchange(request, agent, signal)
  }
}

function exchange(request: HttpRequest, agent: http.Agent, signal?: AbortSignal): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(request.timeout)
  const client = request.url.protocol === 'http:' ? http : https
  return new Promise((resolve, fail) => {
    // In the middle of a body Node reports a mere abort.
    const reject = (error: unknown): void => fail(timeout.aborted && !signal?.aborted ? timeout.reason : error)
    const outgoing = client.request(
      request.url,
      {
        method: request.method,
        headers: { ...request.headers, 'content-length': String(Buffer.byteLength(request.body ?? '')) },
        agent,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      },
      (incoming) => {
        const body = new ByteCollector()
        incoming.on('data', (chunk: Buffer) => {
          if (body.size + chunk.length > MAX_BODY) incoming.destroy(new Error('the answer is larger than 8 MiB'))
          else body.add(chunk)
        })
        incoming.on('error', reject)
        // A peer that closes in the middle of a body ends the stream without `end`.
        incoming.on('close', () => reject(new Error('the connection was cut in the middle of an answer')))
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: body.take().toString(),
          }),
        )
      },
    )
    outgoing.on('error', reject)
    // For a 101 that no one requested Node would report neither a response nor an error, also not when the time is over.
    outgoing.on('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new Error('the server switched to another protocol'))
    })
    outgoing.end(request.body)
  })
}
