import { NopassError } from '../errors.ts'
import type { TransportRequest } from './transport-request.ts'

/** What a header or a request line may not hold: it would end there. */
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/

/** A request as it goes over the wire. Throws KUBE_CONNECTION for a token or a path with a line break, before anything is sent. */
export function encodeRequest(
  host: string,
  basePath: string,
  { method, path, headers, body }: Pick<TransportRequest, 'method' | 'path' | 'headers' | 'body'>,
  token: string | undefined,
): Buffer {
  const lines = [`${method} ${basePath}${path} HTTP/1.1`, `host: ${host}`]
  for (const name in headers) lines.push(`${name}: ${headers[name]}`)
  if (token !== undefined) lines.push(`authorization: Bearer ${token}`)
  const length = body === undefined ? 0 : Buffer.byteLength(body)
  // A request with a method that usually has a body must say that it has none.
  if (body !== undefined || (method !== 'GET' && method !== 'DELETE')) lines.push(`content-length: ${length}`)
  if (lines.some((line) => CONTROL.test(line))) {
    throw new NopassError(
      'KUBE_CONNECTION',
      `${method} ${path.split('?')[0]}: a header has a character that none may have`,
    )
  }
  const head = `${lines.join('\r\n')}\r\n\r\n`
  const bytes = Buffer.allocUnsafe(head.length + length)
  bytes.write(head, 0, 'latin1')
  if (typeof body === 'string') bytes.write(body, head.length)
  else body?.copy(bytes, head.length)
  return bytes
}
