import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord, parseObject, recordsOf, textOf } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import type { ProcessId } from '../../lib/process-id.ts'
import { writeWhole } from './config-file.ts'
import type { LoginReceipt, StoredLogin } from './receipt.ts'

/** A login of a job that has not logged out yet. */
export interface LedgerEntry extends StoredLogin {
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** The process that lives as long as the job; null: not known. */
  readonly holder: ProcessId | null
}

export interface Ledger {
  readonly config: LoginReceipt['config']
  readonly logins: readonly LedgerEntry[]
}

const LEDGER = 'acr-nopass-logins.json'

/** The lock of the Docker configuration and of its ledger. */
export function lockOf(folder: string): string {
  return join(folder, `${LEDGER}.lock`)
}

/**
 * Reads which logins of the Docker configuration are ours. A ledger that cannot be read counts as
 * empty: the logins then count as somebody else's, and are neither overwritten nor removed.
 */
export function readLedger(folder: string): Ledger {
  const { config, logins } = parseObject(orElse(() => readFileSync(join(folder, LEDGER), 'utf8'), '')) ?? {}
  return {
    config: config === 'isolated' ? 'isolated' : 'merge',
    logins: recordsOf(logins).map(({ domain, helper, salt, digest, expiresAt, holder }) => ({
      domain: textOf(domain),
      helper: typeof helper === 'string' ? helper : null,
      salt: textOf(salt),
      digest: textOf(digest),
      expiresAt: typeof expiresAt === 'number' ? expiresAt : 0,
      holder: isRecord(holder) ? { pid: Number(holder.pid), start: textOf(holder.start) } : null,
    })),
  }
}

/** Removes the file when no login is left. The caller holds the lock. */
export function writeLedger(folder: string, ledger: Ledger): void {
  const file = join(folder, LEDGER)
  if (ledger.logins.length === 0) rmSync(file, { force: true })
  else writeWhole(file, JSON.stringify({ version: 1, ...ledger }, null, 2))
}

/** Returns the receipt of all logins of acr-nopass in a folder; undefined if there is none. */
export function findReceipt(folder: string): LoginReceipt | undefined {
  const { config, logins } = readLedger(folder)
  if (logins.length === 0) return undefined
  const stored = logins.map(({ domain, helper, salt, digest }) => ({ domain, helper, salt, digest }))
  return { version: 1, config, folder, logins: stored }
}
