import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtempDisposable, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { downloadHelm, type ObtainHelmOptions } from '../../src/helm/obtain/download-helm.ts'
import { HELM_DIGESTS } from '../../src/helm/obtain/helm-digests.ts'
import { compareVersions } from './version-places.ts'

export interface CliImageOptions {
  /** The npm package of the release. */
  readonly archive: string
  /** An empty or absent folder. */
  readonly out: string
  readonly helmMirror: string
  /** Known checksums (default: the list of this release). */
  readonly digests?: ObtainHelmOptions['digests']
  readonly env: NodeJS.ProcessEnv
}

const run = promisify(execFile)
/** The architectures of the image, in the names of OCI images. */
const ARCHITECTURES = ['amd64', 'arm64'] as const
/**
 * Helm's version in the image: the newest whose checksums are known for both architectures. The
 * testbed may have a newer one, which it builds from its source.
 */
export const IMAGE_HELM: string = newestHelm([...HELM_DIGESTS.keys()])

/** Returns the newest version of which there are archives for both architectures. */
export function newestHelm(archives: readonly string[]): string {
  const versions = archives.flatMap((name) => /^helm-v([\d.]+)-linux-amd64\.tar\.gz$/.exec(name)?.[1] ?? [])
  const complete = versions.filter((version) => archives.includes(`helm-v${version}-linux-arm64.tar.gz`))
  return complete.toSorted(compareVersions).at(-1) ?? ''
}

/**
 * Puts together what image/cli/Containerfile copies: the unpacked package in `package`, and Helm in
 * `helm/<architecture>`. The image therefore has the bytes that npm publishes.
 * @throws Error when the folder is not empty, HELM_DOWNLOAD_FAILED
 */
export async function stageCliImage(options: CliImageOptions, signal: AbortSignal): Promise<void> {
  const { archive, out, helmMirror, digests, env } = options
  await mkdir(out, { recursive: true })
  if ((await readdir(out)).length > 0) throw new Error(`${out} is not empty: an image is put together in a new folder`)
  await run('tar', ['-xzf', archive, '-C', out, 'package'], { signal })
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'acr-nopass-cli-image-'))
  for (const architecture of ARCHITECTURES) {
    const download = { version: IMAGE_HELM, mirror: helmMirror, sha256: '', environment: env, toolCache: undefined }
    const target = { target: `linux-${architecture}`, folder: scratch.path, ...(digests && { digests }) }
    const helm = await downloadHelm({ ...download, ...target }, signal)
    await mkdir(join(out, 'helm', architecture), { recursive: true })
    await copyFile(helm, join(out, 'helm', architecture, 'helm'))
  }
}
