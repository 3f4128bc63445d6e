const BLOCK = 512

/**
 * Returns the regular files of a tar archive (ustar, pax, GNU) by their paths. If two files have
 * the same path, the later file counts. A long name is an entry before the entry that it names.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 * @throws RangeError for anything that is not such an archive
 */
export function readTar(archive: Buffer): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>()
  let longPath: string | undefined
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) break
    requireSum(header)
    const size = Number.parseInt(textAt(header, 124, 12).trim() || '0', 8)
    const content = archive.subarray(at + BLOCK, at + BLOCK + size)
    if (!(size >= 0) || content.length !== size) throw new RangeError('the archive ends early')
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    const type = textAt(header, 156, 1)
    if (type === 'x' || type === 'L') {
      longPath = (type === 'L' ? textAt(content, 0, size) : paxPath(content)) ?? longPath
      continue
    }
    if (type === 'g' || type === 'K') continue
    const isUstar = textAt(header, 257, 5) === 'ustar' && header[262] === 0
    const prefix = isUstar ? textAt(header, 345, 155) : ''
    const path = longPath ?? (prefix === '' ? '' : `${prefix}/`) + textAt(header, 0, 100)
    longPath = undefined
    if (type === '0' || type === '') files.set(path, content)
  }
  return files
}

/** The header's checksum is the sum of its bytes, with blanks in place of the checksum. */
function requireSum(header: Buffer): void {
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  if (Number.parseInt(textAt(header, 148, 8).trim(), 8) !== sum) throw new RangeError('this is not a tar archive')
}

/** Reads a text up to the first NUL. */
function textAt(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

/** Finds the path in records of the form `<length> <key>=<value>\n`. */
function paxPath(content: Buffer): string | undefined {
  let path: string | undefined
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString('latin1', at, at + 20), 10)
    if (!(length > 0)) break
    const [, key, value] = /^\d+ ([^=]*)=(.*)\n$/s.exec(content.toString('utf8', at, at + length)) ?? []
    if (key === 'path') path = value
    at += length
  }
  return path
}
