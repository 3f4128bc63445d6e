import type { ServerResponse } from 'node:http'
import type { ApiError } from '../operation.ts'

/** The style of a product's response bodies: `{"Code"…}` (RPC) or `{"code"…}` (CS and CR 2016). */
export type BodyStyle = 'rpc' | 'roa'

export function bodyStyle(version: string | undefined): BodyStyle {
  return version === '2015-12-15' || version === '2016-06-07' ? 'roa' : 'rpc'
}

/** An error body in the vendor's format. */
export function errorBody(error: ApiError, style: BodyStyle, product: string, requestId: string, host: string): object {
  if (style === 'roa') {
    const { AccessDeniedDetail, ...extra } = error.extra
    const detail = AccessDeniedDetail === undefined ? {} : { accessDeniedDetail: AccessDeniedDetail }
    return { code: error.code, message: error.message, requestId, status: error.status, ...detail, ...extra }
  }
  return {
    RequestId: requestId,
    HostId: host,
    Code: error.code,
    Message: error.message,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${encodeURIComponent(error.code)}&product=${product}`,
    ...error.extra,
  }
}

/** The body of a successful response with its request id, which CS omits. */
export function successBody(body: object, version: string | undefined, requestId: string): object {
  if (Array.isArray(body) || version === '2015-12-15') return body
  return version === '2016-06-07' ? { requestId, ...body } : { RequestId: requestId, ...body }
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
