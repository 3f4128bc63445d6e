import type { ServerResponse } from 'node:http'
import type { ApiError } from '../operation.ts'

const CS = '2015-12-15'
const CR_PERSONAL = '2016-06-07'

/**
 * An error body in the format of an API: `{"code"…}` of CS and CR 2016, `{"Code"…}` of the others.
 */
export function errorBody(
  { code, message, status, extra }: ApiError,
  version: string | undefined,
  product: string,
  requestId: string,
  host: string,
): object {
  if (version === CS || version === CR_PERSONAL) {
    const { AccessDeniedDetail: accessDeniedDetail, ...others } = extra
    return { code, message, requestId, status, accessDeniedDetail, ...others }
  }
  return {
    RequestId: requestId,
    HostId: host,
    Code: code,
    Message: message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${encodeURIComponent(code)}&product=${product}`,
    ...extra,
  }
}

/** The body of a successful response with its request id, which CS omits. */
export function successBody(body: object, version: string | undefined, requestId: string): object {
  if (version === CS) return body
  return version === CR_PERSONAL ? { requestId, ...body } : { RequestId: requestId, ...body }
}

export function sendJson(response: ServerResponse, status: number, body: object, requestId: string, now: number): void {
  if (response.destroyed || response.headersSent) return
  const text = JSON.stringify(body)
  response.setHeader('date', new Date(now).toUTCString())
  response.writeHead(status, {
    'content-type': 'application/json;charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-acs-request-id': requestId,
    'x-acs-trace-id': requestId.replaceAll('-', '').toLowerCase(),
  })
  response.end(text)
}
