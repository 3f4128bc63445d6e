import { existsSync } from 'node:fs'
import { readAuth, updateConfig } from './config-file.ts'
import { type DockerConfigDeps, withConfigLock } from './config-lock.ts'
import { removeIsolatedFolder } from './isolated-folder.ts'
import { readLedger, writeLedger } from './ledger.ts'
import { isStored, type LoginReceipt } from './receipt.ts'

export interface RemovedLogin {
  readonly domain: string
  /**
   * `removed`; `absent`: somebody removed it already; `replaced`: somebody logged in later, and
   * that login stays.
   */
  readonly outcome: 'removed' | 'absent' | 'replaced'
}

/**
 * Removes the logins of a receipt that are still the stored logins; of an isolated configuration
 * the whole folder, with what other programs wrote to it. May be repeated.
 * @throws DOCKER_CONFIG_UNREADABLE, DOCKER_CONFIG_UNWRITABLE, DOCKER_CONFIG_LOCKED
 */
export async function removeLogins(receipt: LoginReceipt, deps: DockerConfigDeps): Promise<readonly RemovedLogin[]> {
  const { config, folder, logins } = receipt
  if (config === 'merge' && existsSync(folder)) return withConfigLock(folder, deps, async () => removeLocked(receipt))
  const outcome = existsSync(folder) ? 'removed' : 'absent'
  removeIsolatedFolder(folder)
  return logins.map(({ domain }) => ({ domain, outcome }))
}

/** Removes merged logins. The caller holds the lock. */
export function removeLocked({ folder, logins }: LoginReceipt): readonly RemovedLogin[] {
  let results: readonly RemovedLogin[] = []
  updateConfig(folder, ({ auths, others }) => {
    results = logins.map((stored) => {
      const found = Object.hasOwn(auths, stored.domain) ? readAuth(auths[stored.domain]) : undefined
      const outcome = found === undefined ? 'absent' : isStored(stored, found) ? 'removed' : 'replaced'
      return { domain: stored.domain, outcome }
    })
    const gone = results.filter(({ outcome }) => outcome === 'removed').map(({ domain }) => domain)
    if (gone.length === 0) return undefined
    return { auths: Object.fromEntries(Object.entries(auths).filter(([domain]) => !gone.includes(domain))), others }
  })
  const ledger = readLedger(folder)
  writeLedger(folder, {
    ...ledger,
    logins: ledger.logins.filter((one) => !logins.some(({ salt }) => salt === one.salt)),
  })
  return results
}
