import { readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { isRecord, parseObject, recordsOf, textOf } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { isAlive, type ProcessId } from '../../lib/process-id.ts'
import { writeWhole } from './config-file.ts'
import { type LoginReceipt, readStored, type StoredLogin } from './receipt.ts'

/** A login of a job that has not logged out yet. */
export interface LedgerEntry extends StoredLogin {
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** What names the job; null if it is not known. */
  readonly job: string | null
  /** The process that lives as long as the job; null if it is not known. */
  readonly holder: Holder | null
}

interface Holder extends ProcessId {
  readonly host: string
}

export interface Ledger {
  readonly config: LoginReceipt['config']
  readonly logins: readonly LedgerEntry[]
}

export function ledgerFileOf(folder: string): string {
  return join(folder, 'acr-nopass-logins.json')
}

/**
 * Reads which logins of the Docker configuration are ours. An unreadable ledger counts as empty.
 * All logins then count as somebody else's, and are neither overwritten nor removed.
 */
export function readLedger(folder: string): Ledger {
  const text = orElse(() => readFileSync(ledgerFileOf(folder), 'utf8'), '')
  const { config, logins } = parseObject(text) ?? {}
  return {
    config: config === 'isolated' ? 'isolated' : 'merge',
    logins: recordsOf(logins).map((login) => ({
      ...readStored(login),
      expiresAt: typeof login.expiresAt === 'number' ? login.expiresAt : 0,
      job: typeof login.job === 'string' ? login.job : null,
      holder: readHolder(login.holder),
    })),
  }
}

function readHolder(holder: unknown): Holder | null {
  if (!isRecord(holder)) return null
  return { pid: Number(holder.pid), start: textOf(holder.start), host: textOf(holder.host) }
}

/** Removes the file when no login is left. The caller holds the lock. */
export function writeLedger(folder: string, ledger: Ledger): void {
  const file = ledgerFileOf(folder)
  if (ledger.logins.length === 0) rmSync(file, { force: true })
  else writeWhole(file, JSON.stringify({ version: 1, ...ledger }, null, 2))
}

/**
 * Returns the receipt of the logins in a folder that a job may remove: its own logins, those of no
 * known job, and what other jobs left behind. Outside of a CI (`job` is null) these are all logins
 * of acr-nopass. Undefined if there is none.
 * @throws DOCKER_CONFIG_UNREADABLE if the ledger cannot be read, because a login may be left then
 */
export function findReceipt(folder: string, job: string | null, clock: Clock): LoginReceipt | undefined {
  refuseUnreadable(ledgerFileOf(folder))
  const { config, logins } = readLedger(folder)
  const isOwn = (login: LedgerEntry): boolean => job === null || login.job === null || login.job === job
  const own = logins.filter((login) => isOwn(login) || isLeftover(login, clock))
  return own.length === 0 ? undefined : { version: 1, config, folder, logins: own.map(readStored) }
}

/** For example the ledger of a login as root. */
function refuseUnreadable(file: string): void {
  const hint = 'Log out as the user who logged in, or with `docker logout` and each domain, and remove the file.'
  const name = 'DOCKER_CONFIG_UNREADABLE'
  try {
    if (parseObject(readFileSync(file, 'utf8')) === undefined)
      throw new NopassError(name, `${file} is not JSON`, { hint })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    throw cause instanceof NopassError
      ? cause
      : new NopassError(name, `${file} cannot be read`, { hint, cause, reason: code })
  }
}

/** A process without a start time cannot be recognised later: a job's parent in a container. */
export function holderOf(process: ProcessId | undefined): Holder | null {
  return process === undefined || process.start === '' ? null : { ...process, host: hostname() }
}

/** True if the login has expired, or if its job certainly ended without logging out. */
export function isLeftover({ expiresAt, holder }: LedgerEntry, clock: Clock): boolean {
  if (expiresAt <= clock.now()) return true
  // A process of another host or container cannot be looked up.
  return holder !== null && holder.host === hostname() && !isAlive(holder)
}

export function isSameJob(login: LedgerEntry, job: string | null, process: ProcessId | undefined): boolean {
  if (login.job !== null && login.job === job) return true
  const { holder } = login
  return holder !== null && holder.host === hostname() && holder.pid === process?.pid && holder.start === process.start
}
