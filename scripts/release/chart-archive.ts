import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'
import { absoluteLinks, readReleased } from './absolute-links.ts'
import { readTree, writeTgz } from './tree-archive.ts'

export interface ChartArchiveOptions {
  readonly root: string
  /** An empty folder for intermediate files. */
  readonly scratch: string
  readonly helm: string
  /** The digest that is written to `image.digest`, so that the chart runs exactly this image. */
  readonly imageDigest: string | undefined
  readonly env: NodeJS.ProcessEnv
}

const run = promisify(execFile)
const DIGEST = /^( {2}digest: )""$/m

/**
 * Packages the chart with Helm, which checks it and applies .helmignore. Then writes the package
 * again without times. Returns the folder with its content.
 */
export async function writeChartArchive(
  file: string,
  options: ChartArchiveOptions,
  signal: AbortSignal,
): Promise<string> {
  const { root, scratch, helm, imageDigest, env } = options
  const source = join(scratch, 'source', 'acr-nopass')
  const packed = join(scratch, 'packed')
  const content = join(scratch, 'content')
  await cp(join(root, 'chart'), source, { recursive: true })
  if (imageDigest !== undefined) await setDigest(join(source, 'values.yaml'), imageDigest)
  const released = readReleased(await readFile(join(root, 'package.json'), 'utf8'))
  for (const page of ['README.md', 'README.zh-CN.md']) {
    const text = await readFile(join(source, page), 'utf8')
    await writeFile(join(source, page), absoluteLinks(text, 'chart', released))
  }
  await mkdir(packed)
  await mkdir(content)
  const { stdout } = await run(helm, ['package', source, '--destination', packed], {
    env: helmEnvironment(env, join(scratch, 'helm')),
    signal,
  })
  const archive = stdout.trim().split(': ').at(-1) ?? ''
  await run('tar', ['-xzf', archive, '-C', content], { signal })
  const folder = join(content, 'acr-nopass')
  writeTgz(file, readTree(folder, 'acr-nopass'))
  return folder
}

async function setDigest(file: string, digest: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  if (text.split(DIGEST).length !== 3) throw new Error('chart/values.yaml: image.digest was not found exactly once')
  await writeFile(file, text.replace(DIGEST, `$1"${digest}"`))
}
