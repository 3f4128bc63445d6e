/**
 * The part of ASN.1 DER (ITU-T X.690) that certificates need, because node:crypto cannot create
 * certificates.
 */

function encode(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const size = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, content])
}

export const sequence = (...parts: Buffer[]): Buffer => encode(0x30, Buffer.concat(parts))
export const set = (...parts: Buffer[]): Buffer => encode(0x31, Buffer.concat(parts))
export const octets = (content: Buffer): Buffer => encode(0x04, content)
export const utf8 = (text: string): Buffer => encode(0x0c, Buffer.from(text))
export const boolean = (value: boolean): Buffer => encode(0x01, Buffer.from([value ? 0xff : 0]))
/** Encodes an explicit tag: `[number]` around a complete element. */
export const explicit = (number: number, content: Buffer): Buffer => encode(0xa0 | number, content)
/** Encodes an implicit tag: `[number]` instead of a primitive element's own tag. */
export const implicit = (number: number, content: Buffer): Buffer => encode(0x80 | number, content)

/** Encodes an integer from its big-endian bytes. There must be no unnecessary leading byte. */
export const integer = (bytes: Buffer): Buffer => encode(0x02, bytes)

export function bits(content: Buffer, unused = 0): Buffer {
  return encode(0x03, Buffer.concat([Buffer.from([unused]), content]))
}

/** Encodes an object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return encode(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f))
  return digits
}

/** Encodes UTCTime until 2049 and GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? encode(0x17, Buffer.from(text.slice(2))) : encode(0x18, Buffer.from(text))
}
