import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** The machine on which the toolchain runs. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  /** In Node's names: `linux`, `darwin`; `x64`, `arm64`. */
  readonly platform: string
  readonly arch: string
  readonly home: string
  /** The folder `tools` of this clone. */
  readonly toolsFolder: string
  /** The folders in which installers put Go, which are searched after PATH. */
  readonly goFolders?: readonly string[]
}

export function readHost(): Host {
  return {
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    home: homedir(),
    goFolders: ['/usr/local/go/bin', '/opt/homebrew/bin', join(homedir(), 'go', 'bin')],
    toolsFolder: import.meta.dirname,
  }
}

/** The folders on PATH. */
export function pathFolders(env: Host['env']): string[] {
  return (env.PATH ?? '').split(delimiter).filter(Boolean)
}

/**
 * Converts Node's name of a processor architecture to Go's, which OCI images and Kubernetes also
 * use.
 */
export function goArchitecture(arch: string): string {
  return arch === 'x64' ? 'amd64' : arch
}

/**
 * The per-user cache: `$ACR_NOPASS_CACHE`, else `$XDG_CACHE_HOME/acr-nopass`, else
 * `~/.cache/acr-nopass`.
 */
export function cacheFolder(host: Pick<Host, 'env' | 'home'>): string {
  if (host.env.ACR_NOPASS_CACHE) return host.env.ACR_NOPASS_CACHE
  return join(host.env.XDG_CACHE_HOME || join(host.home, '.cache'), 'acr-nopass')
}

/** The lock of a folder under `tools/`, for builds of its tools and changes of their cache. */
export function moduleLock(folder: string, host: Host): string {
  return join(cacheFolder(host), 'locks', `${folder}.lock`)
}
