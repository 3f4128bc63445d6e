import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the toolchain asks of the machine it runs on. The sandbox reads the machine in files of this name alone. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>
  /** As Node names them: `linux`, `darwin`; `x64`, `arm64`. */
  readonly platform: string
  readonly arch: string
  readonly home: string
  readonly cores: number
  /** The folder tools/ of this clone. */
  readonly toolsFolder: string
  /** Where Go's installers put it when PATH does not say. */
  readonly goFolders?: readonly string[]
}

/** The machine as it is. */
export function readHost(): Host {
  return {
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    home: homedir(),
    goFolders: ['/usr/local/go/bin', '/opt/homebrew/bin', join(homedir(), 'go', 'bin')],
    cores: availableParallelism(),
    toolsFolder: fileURLToPath(new URL('../../../tools', import.meta.url)),
  }
}

/** The per-user cache: `$ACR_NOPASS_CACHE`, else `$XDG_CACHE_HOME/acr-nopass`, else `~/.cache/acr-nopass`. */
export function cacheFolder(host: Pick<Host, 'env' | 'home'>): string {
  if (host.env.ACR_NOPASS_CACHE) return host.env.ACR_NOPASS_CACHE
  return join(host.env.XDG_CACHE_HOME || join(host.home, '.cache'), 'acr-nopass')
}
