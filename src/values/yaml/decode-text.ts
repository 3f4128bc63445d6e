import { isUtf8 } from 'node:buffer'

/**
 * Marks the first byte that is not UTF-8: a lone surrogate (U+DC00 and the byte), which no text can
 * contain.
 */
const ESCAPE = 0xdc00

/**
 * Decodes a file for {@link readYaml}, which reports the first byte that is not UTF-8 with its
 * place. Helm refuses a file with such a byte, but Node's decoder would replace the byte by U+FFFD.
 */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (isUtf8(bytes)) return text
  const again = Buffer.from(text, 'utf8')
  const bad = again.findIndex((byte, index) => byte !== bytes[index])
  // The decoding differs within the three bytes of the first U+FFFD.
  const before = again
    .subarray(0, bad)
    .toString('utf8')
    .replace(/\ufffd$/, '')
  const at = Buffer.byteLength(before)
  return `${before}${String.fromCharCode(ESCAPE + (bytes[at] ?? 0))}${text.slice(before.length + 1)}`
}

/** Returns the byte that {@link decodeText} could not decode. Undefined for any other character. */
export function undecodedByte(character: string): number | undefined {
  const code = character.charCodeAt(0) - ESCAPE
  return character.length === 1 && code >= 0x80 && code <= 0xff ? code : undefined
}
