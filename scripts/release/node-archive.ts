import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TarEntry } from '../../tools/tar.ts'
import { bundleNodePrograms } from '../build/bundles.ts'
import { writeTgz } from './tree-archive.ts'

export interface NodeArchiveOptions {
  readonly root: string
  /** An empty folder for intermediate files. */
  readonly scratch: string
  /** Node's program for the architecture, and its licence. */
  readonly node: string
  readonly nodeLicence: string
}

/** The only folder at the top of an archive for nodes. */
const TOP = 'acr-nopass-node'

/**
 * Writes the archive that `acr-nopass node script` installs on nodes: Node, the program that the
 * kubelet starts, the program that decides what the script changes, and all licences. Equal files
 * give equal bytes. Returns the SHA-256.
 */
export async function writeNodeArchive(file: string, options: NodeArchiveOptions): Promise<string> {
  const { root, scratch, node, nodeLicence } = options
  const bundles = join(scratch, 'node-programs')
  await bundleNodePrograms(root, bundles)
  const files: readonly (readonly [path: string, from: string])[] = [
    ['LICENSE', join(root, 'LICENSE')],
    ['LICENSE.node', nodeLicence],
    ['LICENSES.txt', join(bundles, 'LICENSES.txt')],
    ['bin/acr-nopass-provider', join(root, 'node', 'acr-nopass-provider')],
    ['bin/node', node],
    ['lib/provider.mjs', join(bundles, 'provider.mjs')],
    ['lib/setup.mjs', join(bundles, 'setup.mjs')],
  ]
  const contents = await Promise.all(files.map(async ([path, from]) => ({ path, content: await readFile(from) })))
  await rm(bundles, { recursive: true })
  const sums = contents.map(({ path, content }) => `${sha256(content)}  ${path}\n`).join('')
  const entries = [...contents, { path: 'FILES.sha256', content: Buffer.from(sums) }].map(
    ({ path, content }): TarEntry => {
      return { path: `${TOP}/${path}`, kind: 'file', mode: path.startsWith('bin/') ? 0o755 : 0o644, content }
    },
  )
  writeTgz(file, entries)
  return sha256(await readFile(file))
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
