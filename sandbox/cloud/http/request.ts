import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'

/** One HTTP request as received. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  /** Decoded, in URL order. */
  readonly query: readonly (readonly [string, string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /**
   * Query and form parameters. The form takes precedence, and the last of repeated parameters
   * counts.
   */
  readonly parameters: ReadonlyMap<string, string>
  /** The values of the parameter `scope`, which may be repeated. */
  readonly scopes: readonly string[]
  readonly secure: boolean
  readonly remoteAddress: string
}

export async function readRequest(message: IncomingMessage): Promise<ApiRequest> {
  const body = await buffer(message)
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]))
  const [path = '', search = ''] = (message.url ?? '/').split(/\?(.*)/s)
  const query = [...new URLSearchParams(search)]
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  const form = isForm ? [...new URLSearchParams(body.toString())] : []
  const parameters = [...query, ...form]
  return {
    method: message.method ?? 'GET',
    path,
    query,
    headers,
    body,
    parameters: new Map(parameters),
    scopes: parameters.flatMap(([name, value]) => (name === 'scope' ? [value] : [])),
    secure: (message.socket as TLSSocket).encrypted === true,
    remoteAddress: message.socket.remoteAddress ?? '127.0.0.1',
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
