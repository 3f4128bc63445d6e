import { join } from 'node:path'
import { runProgram, VERSION_LIMITS } from '../run-helm.ts'
import { findHelm, type Helm, searchHelm } from './find-helm.ts'
import type { HelmDigests } from './helm-digests.ts'
import { parseHelmVersion } from './helm-version.ts'

export interface ObtainHelmOptions {
  /** Exact version, such as `4.3.1`; '' takes the one on PATH. */
  readonly version: string
  /** Address of the downloads. */
  readonly mirror: string
  /** Of the archive; needed only for the download of a version whose checksum is not known. '' when not given. */
  readonly sha256: string
  /** Checksums that are known (default: those of this release). */
  readonly digests?: HelmDigests
  readonly environment: NodeJS.ProcessEnv
  /** The private folder of the run. */
  readonly folder: string
  /** Where downloads are kept between runs. */
  readonly toolCache: string | undefined
}

/**
 * The helm on PATH when it is the one asked for, else a download of exactly that version.
 * @throws NopassError `HELM_NOT_FOUND`, `HELM_VERSION_UNSUPPORTED`, `HELM_DOWNLOAD_FAILED`
 */
export async function obtainHelm(options: ObtainHelmOptions, signal: AbortSignal): Promise<Helm> {
  const { version, environment } = options
  const home = join(options.folder, 'helm')
  if (version === '') return findHelm({ environment, home })
  const onPath = await searchHelm(environment)
  if (onPath !== undefined && (await isVersion(onPath, version, environment)))
    return findHelm({ path: onPath, version, environment, home })
  const { downloadHelm } = await import('./download-helm.ts')
  return findHelm({ path: await downloadHelm(options, signal), version, environment, home })
}

async function isVersion(path: string, wanted: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const env = { PATH: environment.PATH ?? '', HOME: environment.HOME ?? '' }
  const output = await runProgram(path, ['version', '--template', '{{.Version}}'], env, VERSION_LIMITS).catch(
    () => undefined,
  )
  const [found, asked] = [parseHelmVersion(output?.stdout ?? ''), parseHelmVersion(wanted)]
  return (
    found !== undefined &&
    asked !== undefined &&
    found.major === asked.major &&
    found.minor === asked.minor &&
    found.patch === asked.patch
  )
}
