import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

/**
 * Writes the npm package: the command line tool as one bundle, the packaged chart, and the pages.
 */
export async function writeNpmArchive(
  file: string,
  { root, scratch, chart }: { root: string; scratch: string; chart: string },
): Promise<void> {
  const folder = join(scratch, 'npm')
  await mkdir(folder)
  for (const name of ['bin', ...PAGES]) await cp(join(root, name), join(folder, name), { recursive: true })
  const packageJson = await readFile(join(root, 'package.json'), 'utf8')
  for (const name of PAGES.filter((page) => page.endsWith('.md'))) {
    const text = await readFile(join(root, name), 'utf8')
    await writeFile(join(folder, name), absoluteLinks(text, '', readReleased(packageJson)))
  }
  await cp(chart, join(folder, 'chart'), { recursive: true })
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
