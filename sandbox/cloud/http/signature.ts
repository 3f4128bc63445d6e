import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodePercent, sha256 } from '../../../src/lib/text.ts'
import type { ApiRequest } from './request.ts'

/** The unverified claims of a signed request. */
export interface SignedClaims {
  readonly accessKeyId: string
  readonly securityToken: string | undefined
  /** ISO 8601, as sent. */
  readonly date: string | undefined
  readonly nonce: string | undefined
  /** Recomputes the signature from the request with this secret and compares the two. */
  readonly matches: (secret: string) => boolean
}

/**
 * Reads the signature: ACS3-HMAC-SHA256 in the Authorization header, or the older RPC signature
 * (HMAC-SHA1) in the parameters. Returns undefined if the request is not signed. Source: Alibaba
 * Cloud, "V3 request syntax and signature" and "RPC signature".
 */
export function readSignature(request: ApiRequest): SignedClaims | undefined {
  return readAcs3(request) ?? readV1(request)
}

function readAcs3(request: ApiRequest): SignedClaims | undefined {
  const header = request.headers.authorization ?? ''
  const found = /^ACS3-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
    header,
  )
  const [, accessKeyId, signedHeaders, signature] = found ?? []
  if (accessKeyId === undefined || signedHeaders === undefined || signature === undefined) return undefined
  return {
    accessKeyId,
    securityToken: request.headers['x-acs-security-token'],
    date: request.headers['x-acs-date'] ?? request.headers.date,
    nonce: request.headers['x-acs-signature-nonce'],
    matches: (secret) => {
      const expected = acs3Signature(request, signedHeaders.split(';'), secret)
      return expected !== undefined && equalsInConstantTime(expected, signature)
    },
  }
}

/**
 * Computes the signature. Undefined if the body was changed after signing, or if a header that must
 * be signed is not signed.
 */
function acs3Signature(request: ApiRequest, signed: readonly string[], secret: string): string | undefined {
  const payload = sha256(request.body)
  if (request.headers['x-acs-content-sha256'] !== payload) return undefined
  const mustBeSigned = Object.keys(request.headers).filter((name) => name === 'host' || name.startsWith('x-acs-'))
  // Proxies may add headers, but must not add the API's own headers.
  if (mustBeSigned.some((name) => !signed.includes(name) && name !== 'x-acs-content-sha256')) return undefined
  const query = request.query.map(([key, value]) => `${percentEncode(key)}=${percentEncode(value)}`).sort()
  const canonical = [
    request.method,
    request.path
      .split('/')
      .map((segment) => percentEncode(decodePercent(segment)))
      .join('/'),
    query.join('&'),
    signed.map((name) => `${name}:${(request.headers[name] ?? '').trim()}\n`).join(''),
    signed.join(';'),
    payload,
  ].join('\n')
  return createHmac('sha256', secret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex')
}

function readV1(request: ApiRequest): SignedClaims | undefined {
  const get = (name: string): string | undefined => request.parameters.get(name)
  const [accessKeyId, signature] = [get('AccessKeyId'), get('Signature')]
  if (accessKeyId === undefined || signature === undefined) return undefined
  return {
    accessKeyId,
    securityToken: get('SecurityToken'),
    date: get('Timestamp'),
    nonce: get('SignatureNonce'),
    matches: (secret) =>
      get('SignatureMethod') === 'HMAC-SHA1' && equalsInConstantTime(v1Signature(request, secret), signature),
  }
}

function v1Signature(request: ApiRequest, secret: string): string {
  const canonical = [...request.parameters]
    .filter(([name]) => name !== 'Signature')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&')
  const text = `${request.method}&%2F&${percentEncode(canonical)}`
  return createHmac('sha1', `${secret}&`).update(text).digest('base64')
}

/** RFC 3986: encodes everything except letters, digits and `-_.~`. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function equalsInConstantTime(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
