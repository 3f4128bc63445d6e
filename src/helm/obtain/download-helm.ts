import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { exchange } from '../../lib/http-exchange.ts'
import { sha256 } from '../../lib/text.ts'
import { agentProxy, proxyOf } from '../../proxy-rules.ts'
import { runProgram } from '../run-helm.ts'
import { parseHelmVersion } from './find-helm.ts'
import { HELM_DIGESTS } from './helm-digests.ts'

export interface ObtainHelmOptions {
  /** An exact version, such as `4.3.1`. If '', the helm on PATH is used. */
  readonly version: string
  /** Base URL of the downloads. */
  readonly mirror: string
  /**
   * The SHA-256 of the archive; '' if not given. Needed only for a version without a known
   * checksum.
   */
  readonly sha256: string
  /** Known checksums (default: the list of this release of acr-nopass). */
  readonly digests?: typeof HELM_DIGESTS
  /** System and architecture in Helm's names, such as `linux-arm64` (default: this machine's). */
  readonly target?: string
  readonly environment: NodeJS.ProcessEnv
  /** The private folder of the run. */
  readonly folder: string
  /** The cache of downloads. */
  readonly toolCache: string | undefined
}

/**
 * Downloads one exact version and keeps it in the runner's tool cache. Verifies the archive's known
 * or given checksum before running the program. Returns the path of the program.
 * @throws HELM_DOWNLOAD_FAILED
 */
export async function downloadHelm(options: ObtainHelmOptions, signal: AbortSignal): Promise<string> {
  const version = parseHelmVersion(options.version)
  if (!version) throw failed(`helm-version: "${options.version}" is not an exact version`, 'Write it as 4.3.1.')
  const exact = `${version.major}.${version.minor}.${version.patch}`
  const { target = ownTarget() } = options
  const wanted = chooseDigest(exact, target, options)
  // `||`, because an empty variable would mean the working directory.
  const root = options.toolCache || options.folder
  const home = join(root, 'acr-nopass-helm', exact, `${target}-${wanted.slice(0, 16)}`)
  const program = join(home, 'helm')
  // The folder was renamed atomically, so an existing folder is complete.
  if (existsSync(program)) return program

  const url = `${options.mirror.replace(/\/$/, '')}/helm-v${exact}-${target}.tar.gz`
  const archive = await fetchArchive(url, options.environment, signal)
  const found = sha256(archive)
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

function ownTarget(): string {
  return `${platform() === 'darwin' ? 'darwin' : 'linux'}-${arch() === 'arm64' ? 'arm64' : 'amd64'}`
}

function failed(message: string, hint?: string): NopassError {
  return new NopassError('HELM_DOWNLOAD_FAILED', message, hint === undefined ? {} : { hint })
}

/**
 * Returns the expected SHA-256 of the archive: the given checksum, which must equal a known one,
 * else the known checksum.
 * @throws HELM_DOWNLOAD_FAILED
 */
function chooseDigest(
  version: string,
  target: string,
  { sha256: given, mirror, digests = HELM_DIGESTS }: ObtainHelmOptions,
): string {
  const archive = `helm-v${version}-${target}.tar.gz`
  const known = digests.get(archive)
  const wanted = given.toLowerCase()
  if (wanted !== '' && !/^[0-9a-f]{64}$/.test(wanted)) {
    throw failed(
      'helm-sha256 does not have 64 hexadecimal digits, as a SHA-256 has',
      `Set it to the SHA-256 of ${archive}.`,
    )
  }
  if (known === undefined && wanted === '') {
    const names = [...digests.keys()].filter((name) => name.endsWith(`-${target}.tar.gz`))
    const versions = names.map((name) => name.split('-')[1]?.slice(1))
    throw failed(
      `helm ${version} is not on PATH, and the checksum of ${archive} is not known here: helm-sha256 is needed`,
      `Set helm-sha256 to the checksum that ${withoutLogin(mirror)} publishes for it, or take a version that needs none: ${versions.join(', ')}.`,
    )
  }
  if (known !== undefined && wanted !== '' && wanted !== known) {
    throw failed(
      `helm-sha256 is ${wanted}, but ${archive} has the SHA-256 ${known}`,
      'Leave helm-sha256 out: this version needs none. An archive with another checksum is not the one that Helm published.',
    )
  }
  return known ?? wanted
}

/** An archive of helm is about 20 MB, so this is enough for a slow connection. */
const LIMIT_MS = 300_000
const LIMIT_BYTES = 200 * 1024 * 1024
const REDIRECTS = 5

/**
 * Downloads an address through the environment's proxy, because global `fetch` does not support
 * proxies. Follows redirects, because the checksum decides.
 * @throws HELM_DOWNLOAD_FAILED
 */
export async function fetchArchive(
  url: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
  limit: number = LIMIT_BYTES,
): Promise<Buffer> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
  try {
    let address = new URL(url)
    for (let left = REDIRECTS; ; left--) {
      const proxy = agentProxy(proxyOf(address, environment))
      const agent =
        address.protocol === 'https:' ? new https.Agent({ ...proxy, rejectUnauthorized: true }) : new http.Agent(proxy)
      const { status, headers, body } = await exchange(
        { url: address, method: 'GET', headers: {}, agent, limit },
        either,
      )
      if (status === 200) return body
      if (!(status >= 300 && status < 400) || headers.location === undefined || left === 0) {
        throw failed(`${withoutLogin(address.href)} returned ${status}`)
      }
      address = new URL(headers.location, address)
    }
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof NopassError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    const reason = code ?? message
    throw new NopassError('HELM_DOWNLOAD_FAILED', `${withoutLogin(url)} cannot be fetched`, { cause, reason })
  }
}

/** Returns an address for messages, without a mirror's user and password. */
function withoutLogin(address: string): string {
  return address.replace(/^(\w+:\/\/)[^/?#]*@/, '$1')
}
