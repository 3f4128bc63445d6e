import { copyFile, mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleHelper } from '../build/bundles.ts'
import { billOfMaterials } from './bill-of-materials.ts'
import { writeChartArchive } from './chart-archive.ts'
import { packageVersion } from './check-version.ts'
import { writeChecksums } from './checksums.ts'
import { krewManifest } from './krew-manifest.ts'
import { type NodeFiles, writeNodeArchives } from './node-archive.ts'
import { writeNpmArchive } from './npm-archive.ts'

export interface ArtifactOptions {
  readonly root: string
  readonly out: string
  readonly helm: string
  readonly imageDigest: string | undefined
  /** The helper's bundle in the image. If undefined, it is built again. */
  readonly helperFile: string | undefined
  /** Node of the image for each architecture. If undefined, there are no archives for nodes. */
  readonly nodeFiles: NodeFiles | undefined
  readonly env: NodeJS.ProcessEnv
}

/**
 * Builds the files of a release into a folder that is empty or absent, and returns their names.
 * Equal sources give equal bytes.
 * @throws Error when the folder is not empty
 */
export async function buildArtifacts(options: ArtifactOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { root, out, helperFile } = options
  await mkdir(out, { recursive: true })
  if ((await readdir(out)).length > 0) throw new Error(`${out} is not empty: a release is built into a new folder`)
  const version = packageVersion(root)
  await using temporary = await mkdtempDisposable(join(tmpdir(), 'acr-nopass-release-'))
  const scratch = temporary.path
  const chart = await writeChartArchive(join(out, `acr-nopass-chart-${version}.tgz`), { ...options, scratch }, signal)
  const nodeSums =
    options.nodeFiles && (await writeNodeArchives(out, { root, scratch, version, files: options.nodeFiles }))
  const archive = join(out, `acr-nopass-npm-${version}.tgz`)
  await writeNpmArchive(archive, { root, scratch, chart, nodeSums })
  const { homepage } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { homepage: string }
  await writeFile(join(out, 'acr-nopass.krew.yaml'), krewManifest({ version, homepage }, await readFile(archive)))
  if (helperFile === undefined) await bundleHelper(root, join(out, 'helper.mjs'))
  else await copyFile(helperFile, join(out, 'helper.mjs'))
  await writeFile(join(out, `acr-nopass-${version}.cdx.json`), await billOfMaterials(root, signal))
  writeChecksums(out)
  return (await readdir(out)).sort()
}
