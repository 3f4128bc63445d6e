import { mkdtempDisposable, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sha256 } from '../../src/lib/text.ts'
import { type Architecture, archiveName, type ReleasedSums } from '../../src/node/script/choose-archives.ts'
import type { TarEntry } from '../../tools/tar.ts'
import { bundleNodePrograms } from '../build/bundles.ts'
import { writeTgz } from './tree-archive.ts'

/** The files of the archive for nodes, by their path in it, without Node and its licence. */
const ARCHIVE_FILES = [
  'LICENSE',
  'LICENSES.txt',
  'bin/acr-nopass-provider',
  'lib/provider.mjs',
  'lib/setup.mjs',
] as const

export interface NodeArchiveOptions {
  readonly root: string
  /** An empty folder for intermediate files. */
  readonly scratch: string
  /** Node's program for the architecture, and its licence. */
  readonly node: string
  readonly nodeLicence: string
}

/** Node's program for each architecture, and its licence. */
export interface NodeFiles extends Readonly<Record<Architecture, string>> {
  readonly licence: string
}

/** Reads `amd64=FILE`, `arm64=FILE` and `licence=FILE`, all of which are needed. */
export function readNodeFiles(given: readonly string[]): NodeFiles {
  const files = new Map(given.map((text) => [text.replace(/=.*$/s, ''), text.replace(/^[^=]*=/s, '')]))
  const [amd64, arm64, licence] = ['amd64', 'arm64', 'licence'].map((key) => files.get(key))
  if (!amd64 || !arm64 || !licence || given.length !== 3) {
    throw new Error('--node must be given three times: amd64=FILE, arm64=FILE and licence=FILE')
  }
  return { amd64: resolve(amd64), arm64: resolve(arm64), licence: resolve(licence) }
}

/** Writes the archives of a release. Returns their checksums. */
export async function writeNodeArchives(
  out: string,
  options: { readonly root: string; readonly scratch: string; readonly version: string; readonly files: NodeFiles },
): Promise<ReleasedSums> {
  const { root, scratch, version, files } = options
  const write = (architecture: Architecture): Promise<string> => {
    const archive = { root, scratch, node: files[architecture], nodeLicence: files.licence }
    return writeNodeArchive(join(out, archiveName(version, architecture)), archive)
  }
  return { amd64: await write('amd64'), arm64: await write('arm64') }
}

/**
 * Writes the archive with the Node that npm installed for this machine. A release has Node of the
 * image instead. Returns the SHA-256.
 */
export async function writeOwnArchive(root: string, file: string): Promise<string> {
  const node = join(root, 'node_modules', `node-${process.platform}-${process.arch}`)
  if (process.platform !== 'linux') throw new Error('nodes run Linux: build their archive on Linux')
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'acr-nopass-node-'))
  const options = { root, scratch: scratch.path, node: join(node, 'bin', 'node'), nodeLicence: join(node, 'LICENSE') }
  return await writeNodeArchive(file, options)
}

/** Where a file of the archive comes from. */
function sourceOf(path: (typeof ARCHIVE_FILES)[number], root: string, bundles: string): string {
  if (path === 'LICENSE') return join(root, 'LICENSE')
  if (path === 'bin/acr-nopass-provider') return join(root, 'node', 'acr-nopass-provider')
  return join(bundles, path.replace(/^lib\//, ''))
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
    ...ARCHIVE_FILES.map((path) => [path, sourceOf(path, root, bundles)] as const),
    ['LICENSE.node', nodeLicence] as const,
    ['bin/node', node] as const,
  ].sort(([one], [other]) => (one < other ? -1 : 1))
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
