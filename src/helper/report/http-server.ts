import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isLoopback } from '../../proxy-rules.ts'

/** A page by its path; `language` is the header Accept-Language. */
export type PageHandler = (request: {
  readonly query: URLSearchParams
  readonly language: string
}) => Page | Promise<Page>

export interface Page {
  /** 200 unless given. */
  readonly status?: number
  readonly type: string
  /** Directives that the page's Content-Security-Policy adds to `default-src 'none'`. */
  readonly policy?: string
  readonly body: string
}

const TIMEOUT_MS = 10_000
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * Serves pages by GET on `host:port`, and refuses anything else. With `names`, the Host header must
 * be one of these names, loopback or the address of the connection. A page of another site could
 * otherwise point its own name at this server (DNS rebinding). Resolves when the server listens.
 */
export async function servePages(
  address: string,
  routes: Readonly<Record<string, PageHandler>>,
  names?: readonly string[],
) {
  const server = createServer((request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const send = ({ status = 200, type, policy, body }: Page): void => {
      response.writeHead(status, {
        ...HEADERS,
        'content-security-policy': policy === undefined ? POLICY : `${POLICY}; ${policy}`,
        'content-type': type,
        'content-length': Buffer.byteLength(body),
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const fail = (status: number): void => send({ status, type: 'text/plain', body: `${status}\n` })
    if (names && !isOwnHost(request, names)) fail(421)
    else if (!isRead) fail(405)
    else if (route === undefined) fail(404)
    else
      Promise.resolve()
        .then(() => route({ query: new URLSearchParams(query), language: request.headers['accept-language'] ?? '' }))
        .then(send, () => fail(500))
  })
  server.requestTimeout = TIMEOUT_MS
  server.headersTimeout = TIMEOUT_MS
  await listen(server, address)
  return {
    port: (server.address() as AddressInfo).port,
    async close(): Promise<void> {
      server.closeAllConnections()
      await server[Symbol.asyncDispose]()
    },
  }
}

function isOwnHost({ headers, socket }: IncomingMessage, names: readonly string[]): boolean {
  const { hostname = '' } = URL.parse(`http://${headers.host}`) ?? {}
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return isLoopback(hostname) || host === socket.localAddress || names.includes(host)
}

function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(address.slice(colon + 1)), host, () => resolve())
  })
}
