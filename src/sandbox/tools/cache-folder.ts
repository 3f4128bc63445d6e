import { join } from 'node:path'
import type { Host } from './host.ts'

/** The per-user cache: `$ACR_NOPASS_CACHE`, else `$XDG_CACHE_HOME/acr-nopass`, else `~/.cache/acr-nopass`. */
export function cacheFolder(host: Pick<Host, 'env' | 'home'>): string {
  if (host.env.ACR_NOPASS_CACHE) return host.env.ACR_NOPASS_CACHE
  return join(host.env.XDG_CACHE_HOME || join(host.home, '.cache'), 'acr-nopass')
}
