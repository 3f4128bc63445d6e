import http from 'node:http'
import https from 'node:https'
import { ByteCollector } from './byte-collector.ts'

export interface ExchangeRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** An agent for the URL's protocol. */
  readonly agent: http.Agent
  /** A response with more bytes is an error. */
  readonly limit: number
}

/**
 * Sends one request and reads the response. Without a complete response, rejects with Node's own
 * error, whose `code` is the reason.
 */
export function exchange(request: ExchangeRequest, signal: AbortSignal) {
  const { url, method, agent, limit } = request
  const client = url.protocol === 'http:' ? http : https
  const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(request.body ?? '')) }
  type Response = { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: Buffer }
  return new Promise<Response>((resolve, reject) => {
    const outgoing = client.request(url, { method, headers, agent, signal }, (incoming) => {
      const body = new ByteCollector()
      incoming.on('data', (chunk: Buffer) => {
        if (body.size + chunk.length <= limit) body.add(chunk)
        else incoming.destroy(new Error(`the response is larger than ${limit / 1024 / 1024} MiB`))
      })
      incoming.on('error', reject)
      // If the peer closes the connection in the middle of a body, the stream closes without `end`.
      incoming.on('close', () => reject(new Error('the connection was cut in the middle of a response')))
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: body.take() })
      })
    })
    outgoing.on('error', reject)
    // If a server sends 101 without a request to upgrade, Node reports neither a response nor an
    // error, not even a timeout.
    outgoing.on('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new Error('the server switched to another protocol'))
    })
    outgoing.end(request.body)
  })
}
