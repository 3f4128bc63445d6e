import { cpSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sharedLibraries } from '../../../sandbox/image/helper-image.ts'
import type { ImageLayout } from '../../../sandbox/image/oci-layout.ts'
import { writeChartArchive } from '../../../scripts/release/chart-archive.ts'
import { stageCliImage } from '../../../scripts/release/cli-image.ts'
import { writeNpmArchive } from '../../../scripts/release/npm-archive.ts'
import type { TarEntry } from '../../../tools/tar.ts'
import { buildImage } from './containerfile.ts'

const ROOT = join(import.meta.dirname, '../../..')

/**
 * Builds the image of the command line as the release does, but for its base image: in its place
 * are this machine's Node, shell and libraries. Helm is this machine's.
 */
export async function writeCliImage(folder: string, helm: string, signal: AbortSignal): Promise<ImageLayout> {
  const scratch = join(folder, 'scratch')
  const context = join(folder, 'context')
  mkdirSync(scratch, { recursive: true })
  const packed = { root: ROOT, scratch, helm, imageDigest: undefined, env: process.env }
  const chart = await writeChartArchive(join(folder, 'chart.tgz'), packed, signal)
  const archive = join(folder, 'npm.tgz')
  await writeNpmArchive(archive, { root: ROOT, scratch, chart, nodeSums: undefined })
  await stageCliImage(archive, join(context, 'dist/cli-image'), () => readFile(helm), signal)
  cpSync(join(ROOT, 'image'), join(context, 'image'), { recursive: true })
  const containerfile = join(context, 'image/cli/Containerfile')
  return buildImage(join(folder, 'image'), { containerfile, context, arch: process.arch, base: await base() })
}

/** Programs that the base image has too, and that the command and the scripts of a job start. */
const PROGRAMS = ['/bin/sh', '/usr/bin/cat', '/usr/bin/dirname', '/usr/bin/readlink'] as const

async function base(): Promise<TarEntry[]> {
  const file = (path: string, from = path): TarEntry => {
    return { path: path.slice(1), kind: 'file', mode: 0o755, content: { file: from } }
  }
  return [
    ...['proc', 'dev', 'work', 'kube'].map((path): TarEntry => ({ path, kind: 'folder' })),
    { path: 'tmp', kind: 'folder', mode: 0o1777 },
    { path: 'home/node', kind: 'folder' },
    { path: 'etc/nsswitch.conf', kind: 'file', content: Buffer.from('hosts: files dns\n') },
    file('/usr/local/bin/node', process.execPath),
    ...PROGRAMS.map((path) => file(path)),
    ...(await sharedLibraries(process.execPath)).map((path) => file(path)),
  ]
}
