import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type PageHandler = () => Page | Promise<Page>

export interface Page {
  /** 200 unless given. */
  readonly status?: number
  readonly type: string
  readonly body: string
}

const TIMEOUT_MS = 10_000
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/** Serves pages by GET on `host:port`, and refuses anything else. Resolves once it listens. */
export async function servePages(address: string, routes: Readonly<Record<string, PageHandler>>) {
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const send = ({ status = 200, type, body }: Page): void => {
      response.writeHead(status, {
        ...HEADERS,
        'content-type': type,
        'content-length': Buffer.byteLength(body),
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const fail = (status: number): void => send({ status, type: 'text/plain', body: `${status}\n` })
    if (!isRead) fail(405)
    else if (route === undefined) fail(404)
    else
      Promise.resolve()
        .then(route)
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

function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(address.slice(colon + 1)), host, () => resolve())
  })
}
