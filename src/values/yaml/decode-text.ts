import { isUtf8 } from 'node:buffer'

/** What stands for the first byte that is no UTF-8: half a character (U+DC00 and the byte), which no text can hold. */
const ESCAPE = 0xdc00

/**
 * The text of a file, for {@link readYaml}. A byte that is no UTF-8 stays to be found there, with its place: Helm refuses the
 * file, where Node's own decoding would put U+FFFD for it.
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

/** The byte that {@link decodeText} could not decode; undefined for any other character. */
export function undecodedByte(character: string): number | undefined {
  const code = character.charCodeAt(0) - ESCAPE
  return character.length === 1 && code >= 0x80 && code <= 0xff ? code : undefined
}
