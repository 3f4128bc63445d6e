import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** The base image that a Containerfile pins, as the registry has it now. */
export interface BaseImage {
  /** `name:tag@sha256:…` */
  readonly pinned: string
  /** The present digest of the tag, if it differs from the pinned digest. */
  readonly moved: string | undefined
}

const run = promisify(execFile)
const PINNED = /^ARG BASE=(\S+)@(sha256:[0-9a-f]{64})$/m
const PLATFORMS = ['linux/amd64', 'linux/arm64']

/**
 * Reads the base image of a Containerfile from its registry.
 * @throws Error when the Containerfile pins none by digest, or the image lacks a platform
 */
export async function inspectBase(file: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<BaseImage> {
  const [, name = '', digest = ''] = PINNED.exec(await readFile(file, 'utf8')) ?? []
  if (name === '') throw new Error(`${file}: pins no base image by digest`)
  const inspect = async (...args: string[]): Promise<string> =>
    (await run('docker', ['buildx', 'imagetools', 'inspect', ...args], { env, signal })).stdout
  const pinned = `${name}@${digest}`
  const description = await inspect(pinned)
  const missing = PLATFORMS.filter(
    (platform) => !new RegExp(`^\\s*Platform:\\s+${platform}(?:/|$)`, 'm').test(description),
  )
  if (missing.length > 0) throw new Error(`${pinned} has no image for ${missing.join(' and ')}`)
  const newest = (await inspect(name, '--format', '{{.Manifest.Digest}}')).trim()
  return { pinned, moved: newest === digest ? undefined : newest }
}
