import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { orElse } from '../../lib/or-else.ts'
import { isAlive, processId } from '../../lib/process-id.ts'
import { type LoginRecord, readRecord } from './login-record.ts'

export type LoginStore = ReturnType<typeof openLoginStore>

/** Logins of more ServiceAccounts and lists than this are forgotten, the oldest first. */
const MOST_RECORDS = 512

/**
 * Opens a folder of records that only its user can read. Returns undefined if another user could
 * read it. Then every request calls the cloud.
 */
export function openLoginStore(folder: string, pid: number, uid: number) {
  if (!orElse(() => isPrivateFolder(folder, uid), false)) return undefined
  const fileOf = (key: string): string => join(folder, `${key}.json`)
  const lockOf = (key: string): string => join(folder, `${key}.lock`)
  return {
    read: (key: string): LoginRecord | undefined => readRecord(orElse(() => readFileSync(fileOf(key), 'utf8'), '')),
    /** A full file system must not make a pull fail. */
    write(key: string, record: LoginRecord): void {
      const fresh = `${fileOf(key)}.${pid}`
      orElse(() => {
        writeFileSync(fresh, JSON.stringify(record), { mode: 0o600 })
        renameSync(fresh, fileOf(key))
        forgetOldest(folder)
      }, undefined)
      remove(fresh)
    },
    /**
     * Takes the lock of a login; false if another process has it. A lock whose process has ended is
     * taken over. If two processes take it over at once, both call the cloud, which does no harm.
     * If no lock can be written, every process calls the cloud.
     */
    lock(key: string): boolean {
      if (takeLock(lockOf(key), pid) === 'taken') return true
      const [holder = '', start = ''] = orElse(() => readFileSync(lockOf(key), 'utf8'), '').split(' ')
      if (isAlive({ pid: Number(holder), start })) return false
      remove(lockOf(key))
      return takeLock(lockOf(key), pid) !== 'held'
    },
    unlock: (key: string): void => remove(lockOf(key)),
  }
}

function isPrivateFolder(folder: string, uid: number): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  return found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0
}

/** A link appears with its content, so no other process reads a lock without a holder. */
function takeLock(file: string, pid: number): 'taken' | 'held' | 'impossible' {
  const own = `${file}.${pid}`
  try {
    writeFileSync(own, `${pid} ${processId(pid).start}`, { mode: 0o600 })
    linkSync(own, file)
    return 'taken'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'held' : 'impossible'
  } finally {
    remove(own)
  }
}

function remove(file: string): void {
  orElse(() => rmSync(file, { force: true }), undefined)
}

/** Counts all files, because a process that is killed leaves files of other names. */
function forgetOldest(folder: string): void {
  const files = readdirSync(folder)
  if (files.length <= MOST_RECORDS) return
  const ages = files.map((name) => {
    const file = join(folder, name)
    return { file, at: orElse(() => statSync(file).mtimeMs, 0) }
  })
  for (const { file } of ages.toSorted((a, b) => a.at - b.at).slice(0, files.length - MOST_RECORDS)) {
    remove(file)
  }
}
