// A lock between runs: a file that names its holder. Dependency-free, any Node >= 18, shared by the
// bootstrap and the toolchain.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 200
const TAKEOVER_LIMIT_MS = 10_000

/**
 * When a process began, as an opaque text that a later process of the same id does not have;
 * undefined when it is gone.
 */
export function processStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`
  } catch (error) {
    if (process.platform === 'linux') return error.code === 'EACCES' ? 'unreadable' : undefined
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
    return started.toString().trim() || undefined
  } catch {
    return undefined
  }
}

function readHolder(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // Gone meanwhile, or not ours: a file that is no holder counts as stale.
    return error.code === 'ENOENT' ? undefined : { pid: 0, start: '', host: hostname(), what: 'unknown', since: '' }
  }
}

/**
 * Whether the process that wrote the lock still runs. Another machine's process cannot be asked: it
 * counts as running.
 */
export function isHeld(holder) {
  if (holder.host !== hostname()) return true
  return holder.start !== '' && processStart(holder.pid) === holder.start
}

/**
 * Removes a stale lock. A folder guards the look-and-remove, so that two waiters never remove the
 * lock of a third.
 */
function removeStale(path) {
  const guard = `${path}.takeover`
  try {
    mkdirSync(guard)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    try {
      if (Date.now() - statSync(guard).mtimeMs > TAKEOVER_LIMIT_MS) rmdirSync(guard)
    } catch {
      // Somebody else finished the takeover.
    }
    return
  }
  try {
    const holder = readHolder(path)
    if (holder && !isHeld(holder)) unlinkSync(path)
  } finally {
    rmdirSync(guard)
  }
}

function tryLock(path, what) {
  // A hard link to a complete file: the lock is never seen half-written.
  const draft = `${path}.${randomUUID()}`
  const since = new Date().toISOString()
  writeFileSync(
    draft,
    JSON.stringify({ pid: process.pid, start: processStart(process.pid), host: hostname(), what, since }),
  )
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Takes the lock at `path`, waiting for another run as long as that one lives; a dead run's lock is
 * taken over. Answers the function that gives it back. `onWait` hears once of each holder that is
 * waited for.
 */
export async function acquireLock(path, { what, onWait, signal }) {
  mkdirSync(dirname(path), { recursive: true })
  let told = ''
  while (!tryLock(path, what)) {
    signal?.throwIfAborted()
    const holder = readHolder(path)
    if (holder && !isHeld(holder)) removeStale(path)
    else if (holder && told !== `${holder.pid} ${holder.since}`) {
      told = `${holder.pid} ${holder.since}`
      onWait?.(holder)
    }
    if (!holder || isHeld(holder)) await delay(POLL_MS, undefined, { signal })
  }
  return () => rmSync(path, { force: true })
}
