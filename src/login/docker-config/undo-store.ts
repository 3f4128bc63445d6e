import type { DockerConfigDeps } from './config-lock.ts'
import type { AuthEntry } from './config-text.ts'
import { isSame, openHelper } from './credential-helper.ts'
import { readLedger, writeLedger } from './ledger.ts'
import { isStored, type LoginReceipt, type StoredLogin } from './receipt.ts'
import { removeLocked } from './remove-logins.ts'

/**
 * Undoes a store that failed before it wrote `auths`. `earlier` are the logins that the helpers had
 * before, by domain. The caller holds the lock.
 */
export async function undoStore(
  { folder, logins }: LoginReceipt,
  earlier: ReadonlyMap<string, AuthEntry>,
  deps: DockerConfigDeps,
): Promise<void> {
  const toRemove: StoredLogin[] = []
  const undone: string[] = []
  for (const login of logins) {
    const before = earlier.get(login.domain)
    const isUndone =
      login.helper === null || (before !== undefined && (await putBack(login, login.helper, before, deps)))
    if (isUndone) undone.push(login.salt)
    else toRemove.push(login)
  }
  const ledger = readLedger(folder)
  writeLedger(folder, { ...ledger, logins: ledger.logins.filter(({ salt }) => !undone.includes(salt)) })
  await removeLocked({ folder, logins: toRemove }, deps)
}

/** Returns false if the helper may still have the new login. */
async function putBack(
  login: StoredLogin,
  suffix: string,
  before: AuthEntry,
  deps: DockerConfigDeps,
): Promise<boolean> {
  try {
    const helper = openHelper(suffix, deps)
    const found = await helper.get(login.domain)
    // Some helpers delete the earlier login before they add the new one.
    if (found === undefined || (isStored(login, found) && !isSame(found, before)))
      await helper.store({ domain: login.domain, ...before })
    return true
  } catch {
    return false
  }
}
