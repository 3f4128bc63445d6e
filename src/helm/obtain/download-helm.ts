import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { runProgram } from '../run-helm.ts'
import { chooseDigest } from './choose-digest.ts'
import { fetchArchive, withoutLogin } from './fetch-archive.ts'
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
 * Downloads one exact version, checks it against its known or given checksum before anything of it is run, and keeps it in the
 * runner's tool cache. Returns the path of the program.
 * @throws NopassError `HELM_DOWNLOAD_FAILED`
 */
export async function downloadHelm(options: ObtainHelmOptions, signal: AbortSignal): Promise<string> {
  const version = parseHelmVersion(options.version)
  if (!version) throw failed(`helm-version: "${options.version}" is not an exact version`, 'Write it as 4.3.1.')
  const exact = `${version.major}.${version.minor}.${version.patch}`
  const target = `${platform() === 'darwin' ? 'darwin' : 'linux'}-${arch() === 'arm64' ? 'arm64' : 'amd64'}` as const
  const { sha256: given, mirror, digests } = options
  const wanted = chooseDigest({ version: exact, target, given, mirror, digests })
  const root = options.toolCache ?? options.folder
  const home = join(root, 'acr-nopass-helm', exact, `${target}-${wanted.slice(0, 16)}`)
  const program = join(home, 'helm')
  // Renamed into place whole, so what is there is complete.
  if (existsSync(program)) return program

  const url = `${mirror.replace(/\/$/, '')}/helm-v${exact}-${target}.tar.gz`
  const archive = await fetchArchive(url, options.environment, signal)
  const found = createHash('sha256').update(archive).digest('hex')
  const shown = withoutLogin(url)
  if (found !== wanted) throw failed(`${shown} has the SHA-256 ${found}, but ${wanted} is pinned`)
  await mkdir(root, { recursive: true })
  const work = await mkdtemp(join(root, 'helm-download-'))
  try {
    await writeFile(join(work, 'helm.tar.gz'), archive)
    const env = { PATH: options.environment.PATH ?? '' }
    const unpacked = await runProgram('tar', ['-xzf', join(work, 'helm.tar.gz'), '-C', work, `${target}/helm`], env)
    if (unpacked.exitCode !== 0) throw failed(`${shown} holds no ${target}/helm`)
    await chmod(join(work, target, 'helm'), 0o755)
    await mkdir(home, { recursive: true })
    await rename(join(work, target, 'helm'), program)
    return program
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function failed(message: string, hint?: string): NopassError {
  return new NopassError('HELM_DOWNLOAD_FAILED', message, hint === undefined ? {} : { hint })
}
