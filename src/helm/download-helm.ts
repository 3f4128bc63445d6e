import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { NopassError } from '../errors.ts'
import { fetchArchive } from './fetch-archive.ts'
import { parseHelmVersion } from './helm-version.ts'
import type { ObtainHelmOptions } from './obtain-helm.ts'
import { runProgram } from './run-helm.ts'

/**
 * Downloads one exact version, checks it against the pinned checksum before anything of it is run, and keeps it in the
 * runner's tool cache. Returns the path of the program.
 * @throws NopassError `HELM_DOWNLOAD_FAILED`
 */
export async function downloadHelm(options: ObtainHelmOptions, signal: AbortSignal): Promise<string> {
  const version = parseHelmVersion(options.version)
  if (!version) throw failed(`helm-version: "${options.version}" is no exact version`, 'Write it as 4.3.1.')
  const exact = `${version.major}.${version.minor}.${version.patch}`
  const target = `${platform() === 'darwin' ? 'darwin' : 'linux'}-${arch() === 'arm64' ? 'arm64' : 'amd64'}`
  const wanted = options.sha256.toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(wanted)) {
    throw failed(
      `helm ${exact} is not on PATH, and helm-sha256 is no checksum to download it by`,
      `Set helm-sha256 to the one that ${options.mirror} publishes for helm-v${exact}-${target}.tar.gz.`,
    )
  }
  const root = options.toolCache ?? options.folder
  const home = join(root, 'acr-nopass-helm', exact, `${target}-${wanted.slice(0, 16)}`)
  const program = join(home, 'helm')
  // Renamed into place whole, so what is there is complete.
  if (existsSync(program)) return program

  const url = `${options.mirror.replace(/\/$/, '')}/helm-v${exact}-${target}.tar.gz`
  const archive = await fetchArchive(url, options.environment, signal)
  const found = createHash('sha256').update(archive).digest('hex')
  if (found !== wanted) throw failed(`${url} has the SHA-256 ${found}, but ${wanted} is pinned`)
  await mkdir(root, { recursive: true })
  const work = await mkdtemp(join(root, 'helm-download-'))
  try {
    await writeFile(join(work, 'helm.tar.gz'), archive)
    const env = { PATH: options.environment.PATH ?? '' }
    const unpacked = await runProgram('tar', ['-xzf', join(work, 'helm.tar.gz'), '-C', work, `${target}/helm`], env)
    if (unpacked.exitCode !== 0) throw failed(`${url} holds no ${target}/helm`)
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
