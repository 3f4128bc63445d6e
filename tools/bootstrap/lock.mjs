// A lock between runs: a file that names its holder. It has no dependencies and works with Node >=
// 18, because the bootstrap and the toolchain share it.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 200
const TAKEOVER_LIMIT_MS = 10_000

/**
 * Returns when a process began, as an opaque text that a later process with the same ID does not
 * have. Undefined if the process has exited.
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
    // The file disappeared in the meantime, or is not a lock. A file without a holder counts as
    // stale.
    return error.code === 'ENOENT' ? undefined : { pid: 0, start: '', host: hostname(), what: 'unknown', since: '' }
  }
}

/**
 * True if the process that wrote the lock still runs. A process on another machine cannot be
 * checked, so it counts as running.
 */
export function isHeld(holder) {
  if (holder.host !== hostname()) return true
  return holder.start !== '' && processStart(holder.pid) === holder.start
}

/**
 * Removes a stale lock. A folder protects the check and the removal, so that two waiting processes
 * never remove the lock of a third.
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
      // Another process finished the takeover.
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
  // The lock is a hard link to a complete file, so that nobody sees it half-written.
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
 * Takes the lock at `path`. Waits as long as another run holds it and lives; takes over the lock of
 * a dead run. Returns a function that releases the lock. `onWait` is called once for each holder
 * that is waited for.
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
