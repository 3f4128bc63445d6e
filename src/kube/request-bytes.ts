import { NopassError } from '../errors.ts'
import type { TransportRequest } from './transport-request.ts'

/** What a header or a request line may not hold: it would end there. */
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/

type Part = Pick<TransportRequest, 'method' | 'path' | 'accept' | 'contentType' | 'body'>

/** Turns a request and a token into what goes over the wire. Throws KUBE_CONNECTION for a token or a path with a line break. */
export type RequestEncoder = (request: Part, token: string | undefined) => Buffer

/** `host`, `basePath`: of the server. The headers, alike in thousands of requests, are encoded once for each kind of call. */
export function createRequestEncoder(host: string, basePath: string, userAgent: string): RequestEncoder {
  const heads = new Map<string, Buffer>()
  let headsToken: string | undefined

  const checked = (text: string, { method, path }: Part): string => {
    if (!CONTROL.test(text)) return text
    const place = `${method} ${path.split('?')[0]}`
    throw new NopassError('KUBE_CONNECTION', `${place}: a header has a character that none may have`)
  }
  const encodeHead = (request: Part, token: string | undefined): Buffer => {
    const lines = [`host: ${host}`, `user-agent: ${userAgent}`, `accept: ${request.accept}`]
    if (request.contentType !== undefined) lines.push(`content-type: ${request.contentType}`)
    if (token !== undefined) lines.push(`authorization: Bearer ${token}`)
    return Buffer.from(lines.map((line) => `${checked(line, request)}\r\n`).join(''), 'latin1')
  }
  const headOf = (request: Part, token: string | undefined): Buffer => {
    if (token !== headsToken) heads.clear()
    headsToken = token
    const kind = `${request.accept} ${request.contentType}`
    const known = heads.get(kind) ?? encodeHead(request, token)
    heads.set(kind, known)
    return known
  }
  return (request, token) => {
    const { method, path, body } = request
    const head = headOf(request, token)
    const length = body === undefined ? 0 : Buffer.byteLength(body)
    // A request with a method that usually has a body must say that it has none.
    const sized = body !== undefined || (method !== 'GET' && method !== 'DELETE')
    const first = `${checked(`${method} ${basePath}${path}`, request)} HTTP/1.1\r\n`
    const last = sized ? `content-length: ${length}\r\n\r\n` : '\r\n'
    const bytes = Buffer.allocUnsafe(first.length + head.length + last.length + length)
    let at = bytes.write(first, 0, 'latin1')
    at += head.copy(bytes, at)
    at += bytes.write(last, at, 'latin1')
    if (typeof body === 'string') bytes.write(body, at)
    else body?.copy(bytes, at)
    return bytes
  }
}
