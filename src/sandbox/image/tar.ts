import { closeSync, openSync, readSync, statSync } from 'node:fs'

/** A folder, or a file with its content in memory or on disk. */
export type TarEntry =
  | { readonly path: string; readonly kind: 'folder'; readonly mode?: number }
  | {
      readonly path: string
      readonly kind: 'file'
      readonly mode?: number
      readonly content: Buffer | { file: string }
    }

const BLOCK = 512
const CHUNK = 1 << 20
const KINDS = { file: '0', folder: '5' } as const

/**
 * Writes a ustar archive (POSIX.1-1988) to a sink, chunk by chunk. The same entries always produce the same bytes,
 * because a layer is named by its hash: owner and time are 0. Paths have at most 100 bytes, or at most 155 and 100
 * around a `/`.
 */
export function writeTar(entries: Iterable<TarEntry>, sink: (chunk: Buffer) => void): void {
  for (const entry of entries) writeEntry(entry, sink)
  sink(Buffer.alloc(2 * BLOCK))
}

/** Returns a small archive in memory. */
export function toTar(entries: Iterable<TarEntry>): Buffer {
  const chunks: Buffer[] = []
  writeTar(entries, (chunk) => chunks.push(chunk))
  return Buffer.concat(chunks)
}

function writeEntry(entry: TarEntry, sink: (chunk: Buffer) => void): void {
  const size = entry.kind === 'file' ? sizeOf(entry.content) : 0
  sink(header(entry, size))
  if (entry.kind !== 'file') return
  if (Buffer.isBuffer(entry.content)) sink(entry.content)
  else copyFile(entry.content.file, size, sink)
  sink(Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK))
}

function sizeOf(content: Buffer | { file: string }): number {
  return Buffer.isBuffer(content) ? content.length : statSync(content.file).size
}

function copyFile(file: string, size: number, sink: (chunk: Buffer) => void): void {
  const descriptor = openSync(file, 'r')
  try {
    for (let position = 0; position < size; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - position))
      const read = readSync(descriptor, chunk, 0, chunk.length, position)
      if (read === 0) throw new RangeError(`${file} became shorter while it was read`)
      sink(chunk.subarray(0, read))
      position += read
    }
  } finally {
    closeSync(descriptor)
  }
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  const path = entry.kind === 'folder' ? `${entry.path.replace(/\/$/, '')}/` : entry.path
  const { prefix, name } = splitPath(path)
  const mode = entry.mode ?? (entry.kind === 'folder' ? 0o755 : 0o644)
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`
  block.write(name, 0)
  block.write(octal(mode, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(0, 12), 136)
  block.fill(' ', 148, 156)
  block.write(KINDS[entry.kind], 156)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function splitPath(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path }
  for (let cut = path.indexOf('/'); cut >= 0; cut = path.indexOf('/', cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)]
    if (name !== '' && Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { prefix, name }
  }
  throw new RangeError(`the path ${path} is too long for a ustar archive`)
}
