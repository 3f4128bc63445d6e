import { createHash } from 'node:crypto'
import { copyFileSync, createReadStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { sha256 } from '../../lib/text.ts'

/** The files of the archive for nodes, by their path in it, without Node and its licence. */
export const ARCHIVE_FILES = [
  'LICENSE',
  'LICENSES.txt',
  'bin/acr-nopass-provider',
  'lib/provider.mjs',
  'lib/setup.mjs',
] as const

/** Node's program and its licence in the archive for nodes. */
export const NODE_FILES = { program: 'bin/node', licence: 'LICENSE.node' } as const

/** The name of the list of checksums. */
export const SUMS = 'FILES.sha256'

export interface ImageFiles {
  /** The folder with `ARCHIVE_FILES`. */
  readonly files: string
  /** Node's program and its licence in the image. */
  readonly node: string
  readonly nodeLicence: string
}

/**
 * Writes a folder with what the archive for nodes contains. Node is a link, because it has 120 MB.
 * Returns the checksum of the list of checksums.
 */
export async function stagePrograms({ files, node, nodeLicence }: ImageFiles, out: string): Promise<string> {
  for (const path of ARCHIVE_FILES) copy(join(files, path), join(out, path))
  copy(nodeLicence, join(out, NODE_FILES.licence))
  // The host follows the link from its own root folder, so the link must be relative.
  const program = join(out, NODE_FILES.program)
  symlinkSync(relative(dirname(program), node), program)
  const paths = [...ARCHIVE_FILES, ...Object.values(NODE_FILES)].sort()
  const sums: string[] = []
  for (const path of paths) sums.push(`${await hashFile(join(out, path))}  ${path}\n`)
  const text = sums.join('')
  writeFileSync(join(out, SUMS), text)
  return sha256(text)
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
