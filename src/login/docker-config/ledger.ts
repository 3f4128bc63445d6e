import { readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
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

/** Returns the receipt of all logins of acr-nopass in a folder; undefined if there is none. */
export function findReceipt(folder: string): LoginReceipt | undefined {
  const { config, logins } = readLedger(folder)
  return logins.length === 0 ? undefined : { version: 1, config, folder, logins: logins.map(readStored) }
}

export function holderOf(process: ProcessId | undefined): Holder | null {
  return process === undefined ? null : { ...process, host: hostname() }
}

/** True if the login has expired, or if its job certainly ended without logging out. */
export function isLeftover({ expiresAt, holder }: LedgerEntry, clock: Clock): boolean {
  if (expiresAt <= clock.now()) return true
  // A process of another host or container cannot be looked up.
  return holder !== null && holder.host === hostname() && !isAlive(holder)
}

export function isSameHolder({ holder }: LedgerEntry, process: ProcessId | undefined): boolean {
  return holder !== null && holder.host === hostname() && holder.pid === process?.pid && holder.start === process.start
}
