import { createHash } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ByteCollector } from '../../src/lib/byte-collector.ts'
import { readTar } from '../../src/lib/tar.ts'
import type { Host } from '../host.ts'
import { ledgerFolder, openRun } from '../process/run.ts'
import type { StepHandle } from '../progress.ts'
import { buildsFolder, type PinnedTool, releaseFolder } from './find-tool.ts'
import type { Release } from './release.ts'

/** After these times a build is faster than the download. */
export interface DownloadLimits {
  /** The longest time without a byte. */
  readonly stallMs: number
  readonly totalMs: number
}

const LIMITS: DownloadLimits = { stallMs: 10_000, totalMs: 90_000 }
/** The largest archive has about 20 MB. */
const MAX_BYTES = 200_000_000

/** Why an archive was not used. Nothing of it is left. */
export class DownloadFailure extends Error {
  override readonly name = 'DownloadFailure'
}

/**
 * Downloads one tool into the cache and returns its path. The caller must hold the lock of the
 * tool's module. Nothing is unpacked before the hash of the whole archive is the committed hash.
 * @throws DownloadFailure
 */
export async function downloadTool(
  tool: PinnedTool,
  release: Release,
  host: Host,
  step: StepHandle,
  signal: AbortSignal,
  limits: DownloadLimits = LIMITS,
): Promise<string> {
  const archive = await readArchive(release.url, step, signal, limits)
  const hash = createHash('sha256').update(archive).digest('hex')
  if (hash !== release.sha256) {
    throw new DownloadFailure(`its SHA-256 is ${hash}, and not the committed ${release.sha256}`)
  }
  const program = readTar(gunzipSync(archive)).get(release.program)
  if (program === undefined) throw new DownloadFailure(`the archive has no ${release.program}`)
  const parent = buildsFolder(tool.name, host)
  await using run = await openRun(ledgerFolder(host))
  const draft = join(parent, `.unfinished-${run.id}`)
  run.record({ kind: 'folder', path: draft })
  await mkdir(draft, { recursive: true })
  await writeFile(join(draft, tool.name), program, { mode: 0o755 })
  signal.throwIfAborted()
  const folder = join(parent, releaseFolder(tool))
  await rm(folder, { recursive: true, force: true })
  await rename(draft, folder)
  return join(folder, tool.name)
}

async function readArchive(url: URL, step: StepHandle, signal: AbortSignal, limits: DownloadLimits): Promise<Buffer> {
  const stalled = new AbortController()
  const timer = setTimeout(() => stalled.abort(), limits.stallMs)
  const total = AbortSignal.timeout(limits.totalMs)
  try {
    const response = await fetch(withoutLogin(url), {
      headers: loginHeader(url),
      signal: AbortSignal.any([signal, stalled.signal, total]),
    })
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new DownloadFailure(`the server returned ${response.status}`)
    }
    const length = Number(response.headers.get('content-length'))
    const bytes = new ByteCollector()
    for await (const chunk of response.body ?? []) {
      timer.refresh()
      bytes.add(chunk)
      if (bytes.size > MAX_BYTES) throw new DownloadFailure(`it has more than ${MAX_BYTES / 1e6} MB`)
      step.update(`${toMegabytes(bytes.size)}${length > 0 ? ` of ${toMegabytes(length)}` : ''} MB`)
    }
    return bytes.take()
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof DownloadFailure) throw error
    if (stalled.signal.aborted) throw new DownloadFailure(`no byte arrived for ${limits.stallMs / 1000} s`)
    if (total.aborted) throw new DownloadFailure(`it was not complete after ${limits.totalMs / 1000} s`)
    throw new DownloadFailure(`the connection failed (${causeOf(error)})`, { cause: error })
  } finally {
    clearTimeout(timer)
    step.update('')
  }
}

/**
 * True if the server of a release answers at all. A machine without a network learns it once, and
 * not by a timeout for each archive.
 */
export async function isReachable({ origin }: URL, signal: AbortSignal, timeoutMs = 3_000): Promise<boolean> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const response = await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: limit })
    await response.body?.cancel()
    return true
  } catch {
    signal.throwIfAborted()
    return false
  }
}

/** `fetch` refuses a URL with a login, as a mirror may have one. */
function withoutLogin(url: URL): URL {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  return plain
}

function loginHeader({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}

/** Node's codes are printable, and the texts of other errors may quote what the server sent. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return /^[A-Z_]+$/.test(code) ? code : 'cut off'
}

function toMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
