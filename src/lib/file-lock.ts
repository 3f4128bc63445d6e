import { randomUUID } from 'node:crypto'
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { type Clock, sleep } from './clock.ts'
import { parseObject, textOf } from './json.ts'
import { orElse } from './or-else.ts'
import { isAlive, type ProcessId, processId } from './process-id.ts'

const POLL_MS = 50
/** How often a holder confirms that it still runs. */
const BEAT_MS = 5_000
/**
 * A process of another host or container cannot be looked up, so its lock is stale once it was not
 * confirmed for this time.
 */
const UNCONFIRMED_MS = 60_000
/** Removing a stale lock takes milliseconds, so an older guard belongs to a process that died. */
const TAKEOVER_MS = 10_000

export interface LockHolder extends ProcessId {
  readonly host: string
  /** Differs for each time that the lock is taken. */
  readonly id: string
}

interface LockOptions {
  /** The process that takes the lock. */
  readonly pid: number
  readonly clock: Clock
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
  /** Builds the error when another process holds the lock for the whole `waitMs`. */
  readonly refuse: (holder: LockHolder) => Error
}

/**
 * Runs `work` while this process holds the lock file at `path`. The lock of a process that died is
 * taken over. The folder of the lock must exist.
 * @throws what `refuse` returns, and the errors of `node:fs`
 */
export async function withFileLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { clock, waitMs, signal, refuse, pid } = options
  const holder = { ...processId(pid), host: hostname(), id: randomUUID() }
  const deadline = clock.monotonic() + waitMs
  while (!tryLock(path, holder)) {
    const other = readHolder(path)
    if (other !== undefined && isStale(path, other)) removeStale(path)
    else if (other !== undefined && clock.monotonic() >= deadline) throw refuse(other)
    await sleep(clock, POLL_MS, signal)
  }
  const beat = setInterval(() => {
    const now = new Date()
    orElse(() => utimesSync(path, now, now), undefined)
  }, BEAT_MS)
  beat.unref()
  try {
    return await work()
  } finally {
    clearInterval(beat)
    // A process that was suspended for a minute may have lost the lock to another host.
    if (readHolder(path)?.id === holder.id) rmSync(path, { force: true })
  }
}

function tryLock(path: string, holder: LockHolder): boolean {
  // The lock is a hard link to a complete file, so no process can read a half-written lock.
  const draft = `${path}.${randomUUID()}`
  try {
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600, flag: 'wx' })
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Undefined if the lock was released in the meantime. */
function readHolder(path: string): LockHolder | undefined {
  try {
    const { pid, start, host, id } = parseObject(readFileSync(path, 'utf8')) ?? {}
    return { pid: typeof pid === 'number' ? pid : 0, start: textOf(start), host: textOf(host), id: textOf(id) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isStale(path: string, holder: LockHolder): boolean {
  if (holder.host === hostname()) return !isAlive(holder)
  return ageOf(path) > UNCONFIRMED_MS
}

/**
 * Removes a stale lock. A folder guards the check and the removal, so that two waiting processes
 * never remove the lock of a third.
 */
function removeStale(path: string): void {
  const guard = `${path}.takeover`
  try {
    mkdirSync(guard)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (ageOf(guard) > TAKEOVER_MS) ignoreMissing(() => rmdirSync(guard))
    return
  }
  try {
    const holder = readHolder(path)
    if (holder !== undefined && isStale(path, holder)) ignoreMissing(() => unlinkSync(path))
  } finally {
    ignoreMissing(() => rmdirSync(guard))
  }
}

/** The file system's clock counts, because the times of files are compared; 0 for no file. */
function ageOf(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
}

function ignoreMissing(work: () => void): void {
  try {
    work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
