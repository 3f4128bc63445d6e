import { execFile } from 'node:child_process'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { sha256 } from '../../src/lib/text.ts'

export interface CopyOptions {
  readonly crane: string
  readonly oras: string
  /** The host of the copy. */
  readonly to: string
  readonly version: string
  /** Images and charts by the repository of the copy: `host/path@sha256:…`. */
  readonly images: ReadonlyMap<string, string>
  /** Files, each an artifact of its own, by the repository of the copy. */
  readonly files: ReadonlyMap<string, string>
  readonly env: NodeJS.ProcessEnv
}

/** One thing to copy: its address at the copy, and the digest that it has there. */
interface Copy {
  readonly address: string
  /** Of the manifest of an image, or of the file. */
  readonly digest: string
  readonly kind: 'image' | 'file'
  readonly from: string
}

const run = promisify(execFile)
const BY_DIGEST = /^\S+@(sha256:[0-9a-f]{64})$/
/** Distribution's codes for a tag and a repository that do not exist. */
const ABSENT = /\b(?:MANIFEST_UNKNOWN|NAME_UNKNOWN)\b/

/**
 * Copies a release to another registry, and reads every copy back without a login, as users do.
 * Nothing is overwritten: what the copy has already must be equal, so a failed run can be repeated.
 * Returns one line for each copy.
 * @throws Error when a copy differs, or cannot be read or written
 */
export async function copyRelease(options: CopyOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { env } = options
  const copies = await listCopies(options)
  const absent: Copy[] = []
  // All addresses are read before the first is written.
  for (const copy of copies) if (!(await isThere(copy, options, env, signal))) absent.push(copy)
  for (const copy of absent) await write(copy, options, signal)
  await using home = await mkdtempDisposable(join(tmpdir(), 'acr-nopass-anonymous-'))
  const anonymous = withoutLogins(env, home.path)
  for (const copy of copies) {
    const failure = await isThere(copy, options, anonymous, signal).then(
      (found) => (found ? undefined : 'not found'),
      (error: Error) => error.message,
    )
    if (failure === undefined) continue
    throw new Error(`${copy.address} cannot be pulled without a login; make its repository public: ${failure}`)
  }
  return copies.map((copy) => `${copy.address} ${copy.digest}${absent.includes(copy) ? '' : ' (was there already)'}`)
}

async function listCopies({ to, version, images, files }: CopyOptions): Promise<readonly Copy[]> {
  const address = (repository: string): string => `${to}/${repository}:${version}`
  const ofImages = [...images].map(([repository, from]): Copy => {
    const digest = BY_DIGEST.exec(from)?.[1]
    if (digest === undefined) throw new Error(`${from || 'nothing'} is not an image by digest (name@sha256:…)`)
    return { address: address(repository), digest, kind: 'image', from }
  })
  const ofFiles = [...files].map(async ([repository, from]): Promise<Copy> => {
    return { address: address(repository), digest: `sha256:${sha256(await readFile(from))}`, kind: 'file', from }
  })
  return [...ofImages, ...(await Promise.all(ofFiles))]
}

/**
 * True if the copy is there, false if the registry says that it is not.
 * @throws Error when it is another one, or when that cannot be determined
 */
async function isThere(
  copy: Copy,
  { crane }: CopyOptions,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<boolean> {
  const { address, digest, kind } = copy
  const manifest = await run(crane, ['manifest', address], { env, signal, encoding: 'buffer' }).then(
    ({ stdout }) => stdout,
    (error: { stderr?: Buffer; message: string }) => {
      const reason = error.stderr?.toString().trim() || error.message
      if (ABSENT.test(reason)) return undefined
      throw new Error(`cannot determine whether ${address} exists: ${reason}`)
    },
  )
  if (manifest === undefined) return false
  const found = kind === 'image' ? `sha256:${sha256(manifest)}` : onlyLayer(manifest)
  if (found !== digest) throw new Error(`${address} is ${found} and not ${digest}; a version is never pushed twice`)
  return true
}

function onlyLayer(manifest: Buffer): string {
  const { layers = [] } = JSON.parse(manifest.toString()) as { layers?: readonly { digest: string }[] }
  return layers.map(({ digest }) => digest).join(' and ') || 'no file'
}

async function write({ kind, from, address }: Copy, options: CopyOptions, signal: AbortSignal): Promise<void> {
  const { crane, oras, env } = options
  if (kind === 'image') {
    await run(crane, ['copy', from, address], { env, signal })
    return
  }
  const type = ['--artifact-type', 'application/vnd.acr-nopass.file.v1']
  await run(oras, ['push', ...type, address, `${basename(from)}:application/gzip`], {
    cwd: dirname(from),
    env,
    signal,
  })
}

/** An environment in which crane finds no login: neither Docker's nor Podman's. */
function withoutLogins(env: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  const { REGISTRY_AUTH_FILE: _podman, DOCKER_AUTH_CONFIG: _docker, ...rest } = env
  return { ...rest, HOME: home, DOCKER_CONFIG: home, XDG_RUNTIME_DIR: home }
}
