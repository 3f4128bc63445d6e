import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

/** One HTTP request as received. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  /** Decoded, in URL order. */
  readonly query: readonly (readonly [string, string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Query and form parameters; the form takes precedence, and of repeated ones the last. */
  readonly parameters: ReadonlyMap<string, string>
  readonly secure: boolean
  readonly remoteAddress: string
  /** The ports of the connection from the client's side. */
  readonly connection: { readonly localPort: number; readonly remotePort: number }
}

const MAX_BODY = 1 << 20

/** Reads a request; throws if its body is larger than 1 MiB. */
export async function readRequest(message: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message) {
    size += (chunk as Buffer).length
    if (size > MAX_BODY) throw new Error('the request body is larger than 1 MiB')
    chunks.push(chunk as Buffer)
  }
  const body = Buffer.concat(chunks)
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  )
  const url = message.url ?? '/'
  const mark = url.indexOf('?')
  const query = [...new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))]
  const isForm = (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
  const form = isForm ? [...new URLSearchParams(body.toString())] : []
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query,
    headers,
    body,
    parameters: new Map([...query, ...form]),
    secure: (message.socket as TLSSocket).encrypted === true,
    connection: { localPort: message.socket.remotePort ?? 0, remotePort: message.socket.localPort ?? 0 },
    remoteAddress: (message.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, ''),
  }
}

/** The record of one call. It has no parameters, because they may be secret. */
export interface CallRecord {
  /** The cloud's time in milliseconds since 1970. */
  readonly at: number
  /** `Ram`, `Ims`, `Sts`, `CS`, `cr`, `imds`, or `registry` for the registry's token server. */
  readonly product: string
  readonly action: string
  /** The caller's ARN; `-` if not authenticated. */
  readonly principal: string
  /** HTTP status; 0 if the response was lost. */
  readonly status: number
  /** The vendor's error code, empty for a success, or `fault:<kind>` for an injected fault. */
  readonly code: string
  readonly requestId: string
  /** True for operations that change something. */
  readonly write: boolean
}
