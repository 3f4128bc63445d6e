import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { acquireLock } from '../../../tools/bootstrap/lock.mjs'
import { cacheFolder, readHost } from '../../../tools/host.ts'

/**
 * Returns the name of a shellcheck that starts. If there is none, installs the package, on Debian
 * and as root.
 */
export async function ensureShellcheck(): Promise<string> {
  if (starts()) return NAME
  if (process.geteuid?.() !== 0) throw missing('only root can install it')
  const release = await acquireLock(join(cacheFolder(readHost()), 'locks', 'shellcheck.lock'), {
    what: 'installing shellcheck',
    onWait: () => undefined,
    signal: AbortSignal.timeout(600_000),
  })
  try {
    if (!starts()) {
      apt('update')
      // Another apt on this machine may hold dpkg's lock for a while.
      apt('install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600', NAME)
    }
  } finally {
    release()
  }
  if (!starts()) throw missing('apt-get could not install it')
  return NAME
}

const NAME = 'shellcheck'

function starts(): boolean {
  return spawnSync(NAME, ['--version']).status === 0
}

function apt(...args: readonly string[]): void {
  spawnSync('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' } })
}

function missing(reason: string): Error {
  return new Error(
    `shellcheck is not on PATH, and ${reason}. Install it (Debian: apt-get install shellcheck, macOS: brew install shellcheck).`,
  )
}
