import { createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto'
import { parseObject } from '../../../src/lib/json.ts'

/** A public key in the format in which issuers publish it. */
interface Jwk extends JsonWebKey {
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
}

export interface Jwks {
  readonly keys: readonly Jwk[]
}

export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: string
  readonly signature: Buffer
}

/** Signs claims with an RSA key (RS256); `header` adds fields such as `kid` or `x5c`. */
export function signJwt(claims: object, key: KeyObject, header: object): string {
  const signed = [{ alg: 'RS256', typ: 'JWT', ...header }, claims].map(encode).join('.')
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}

/** Decodes a token without verifying it. Undefined if the text is not a JWT. */
export function decodeJwt(token: string): DecodedJwt | undefined {
  const [header, claims, signature, ...rest] = token.split('.')
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) return undefined
  const [head, body] = [header, claims].map((part) => parseObject(Buffer.from(part, 'base64url').toString()))
  if (head === undefined || body === undefined) return undefined
  return { header: head, claims: body, signed: `${header}.${claims}`, signature: Buffer.from(signature, 'base64url') }
}

/**
 * Verifies RS256 and ES256 signatures with the key named by `kid`, or without `kid` with any key of
 * the set.
 */
export function verifyJwt(token: DecodedJwt, jwks: Jwks): boolean {
  const { alg, kid } = token.header
  if (alg !== 'RS256' && alg !== 'ES256') return false
  const kty = alg === 'RS256' ? 'RSA' : 'EC'
  const candidates = jwks.keys.filter((key) => key.kty === kty && (kid === undefined || key.kid === kid))
  return candidates.some((jwk) => {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return verify('sha256', Buffer.from(token.signed), { key, dsaEncoding: 'ieee-p1363' }, token.signature)
  })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
