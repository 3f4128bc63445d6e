import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock } from '../bootstrap/lock.mjs'
import { cacheFolder, type Host, moduleLock } from '../host.ts'
import { TOOLS } from './tool-table.ts'

/** Compiled packages, which only a next build could use. Several GB after a build of all tools. */
export function compileCache(host: Host): string {
  return host.env.GOCACHE || join(cacheFolder(host), 'go-build')
}

const MODULES = [...new Set(Object.values(TOOLS).map(({ folder }) => folder))]

/**
 * Removes the compiled packages, unless they are in the user's own GOCACHE. If another run builds
 * at this moment, they stay, and that run removes them.
 */
export async function removeCompileCache(host: Host): Promise<void> {
  if (host.env.GOCACHE) return
  const releases: (() => void)[] = []
  try {
    // Builds hold the lock of their module, so nobody builds while all locks are held.
    for (const folder of MODULES) {
      const signal = AbortSignal.timeout(500)
      releases.push(await acquireLock(moduleLock(folder, host), { what: 'removing compiled packages', signal }))
    }
    await rm(compileCache(host), { recursive: true, force: true })
  } catch (error) {
    const isHeld = error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
    if (!isHeld) throw error
  } finally {
    for (const release of releases) release()
  }
}
