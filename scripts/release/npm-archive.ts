import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReleasedSums } from '../../src/node/script/choose-archives.ts'
import { bundleCli } from '../build/bundles.ts'
import { absoluteLinks, readReleased } from './absolute-links.ts'
import { readTree, writeTgz } from './tree-archive.ts'

/**
 * The parts of package.json that a user of the package needs. Without the other parts, an
 * installation runs nothing and installs nothing else.
 */
const KEPT = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'homepage',
  'repository',
  'bugs',
  'type',
  'engines',
  'bin',
]
const PAGES = ['README.md', 'README.zh-CN.md', 'CHANGELOG.md', 'LICENSE']

export interface NpmArchiveOptions {
  readonly root: string
  readonly scratch: string
  /** The folder of the packaged chart. */
  readonly chart: string
  readonly nodeSums: ReleasedSums | undefined
}

/**
 * Writes the npm package: the command line tool as one bundle, the packaged chart, the script for
 * nodes with the checksums of its archives, and the pages.
 */
export async function writeNpmArchive(
  file: string,
  { root, scratch, chart, nodeSums }: NpmArchiveOptions,
): Promise<void> {
  const folder = join(scratch, 'npm')
  await mkdir(folder)
  for (const name of ['bin', 'node', ...PAGES]) await cp(join(root, name), join(folder, name), { recursive: true })
  const packageJson = await readFile(join(root, 'package.json'), 'utf8')
  for (const name of PAGES.filter((page) => page.endsWith('.md'))) {
    const text = await readFile(join(root, name), 'utf8')
    await writeFile(join(folder, name), absoluteLinks(text, '', readReleased(packageJson)))
  }
  await cp(chart, join(folder, 'chart'), { recursive: true })
  if (nodeSums !== undefined) {
    await writeFile(join(folder, 'node', 'archives.json'), `${JSON.stringify(nodeSums, null, 2)}\n`)
  }
  await bundleCli(root, join(folder, 'dist'))
  await writeFile(join(folder, 'package.json'), trimMetadata(packageJson))
  writeTgz(file, readTree(folder, 'package'))
}

/** Returns package.json of the published package. */
export function trimMetadata(text: string): string {
  const metadata = JSON.parse(text) as Record<string, unknown>
  const kept = KEPT.flatMap((key) => (key in metadata ? [[key, metadata[key]] as const] : []))
  return `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`
}
