import { readFileSync } from 'node:fs'

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
const KINDS = { file: '0', folder: '5' } as const

/**
 * Makes a ustar archive (POSIX.1-1988), part by part. The same entries always produce the same
 * bytes, because a layer is named by its hash: owner and time are 0. Paths have at most 100 bytes,
 * or at most 155 and 100 around a `/`.
 */
export function* tarParts(entries: Iterable<TarEntry>): Generator<Buffer> {
  for (const entry of entries) {
    const given = entry.kind === 'file' ? entry.content : Buffer.alloc(0)
    const content = Buffer.isBuffer(given) ? given : readFileSync(given.file)
    yield header(entry, content.length)
    yield content
    yield Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)
  }
  yield Buffer.alloc(2 * BLOCK)
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
