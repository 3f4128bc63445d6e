import { existsSync, realpathSync } from 'node:fs'
import { type NopassError, toNopassError } from '../../errors.ts'
import { updateConfig } from './config-file.ts'
import { type DockerConfigDeps, withConfigLock } from './config-lock.ts'
import { readAuth } from './config-text.ts'
import { openHelper } from './credential-helper.ts'
import { isIsolatedFolder, removeIsolatedFolder } from './isolated-folder.ts'
import { readLedger, writeLedger } from './ledger.ts'
import { isStored, type LoginReceipt, type StoredLogin } from './receipt.ts'

export interface RemovedLogin {
  readonly domain: string
  /**
   * `removed`; `absent`: somebody removed it already; `replaced`: somebody logged in later, and
   * that login stays; `failed`: it may still be there, see `error`.
   */
  readonly outcome: 'removed' | 'absent' | 'replaced' | 'failed'
  readonly error?: NopassError
}

/**
 * Removes the logins of a receipt if nobody has replaced them. For an isolated configuration,
 * removes the whole folder, with everything that other programs wrote to it. May be repeated.
 * @throws DOCKER_CONFIG_LOCKED, DOCKER_CONFIG_UNWRITABLE
 */
export async function removeLogins(receipt: LoginReceipt, deps: DockerConfigDeps): Promise<readonly RemovedLogin[]> {
  const { config, logins } = receipt
  if (!existsSync(receipt.folder)) return logins.map(({ domain }) => ({ domain, outcome: 'absent' }))
  // DOCKER_CONFIG may name the folder by a link.
  const folder = realpathSync(receipt.folder)
  if (config === 'isolated' && isIsolatedFolder(folder)) {
    removeIsolatedFolder(folder)
    return logins.map(({ domain }) => ({ domain, outcome: 'removed' }))
  }
  // A copy of an isolated configuration may hold other things, so only the logins are removed.
  return withConfigLock(folder, deps, () => removeLocked({ folder, logins }, deps))
}

/**
 * Removes merged logins. The caller holds the lock. Logins that could not be removed stay in the
 * ledger.
 */
export async function removeLocked(
  { folder, logins }: Pick<LoginReceipt, 'folder' | 'logins'>,
  deps: DockerConfigDeps,
): Promise<readonly RemovedLogin[]> {
  const results = [
    ...removeFromAuths(
      folder,
      logins.filter(({ helper }) => helper === null),
    ),
  ]
  for (const login of logins) {
    if (login.helper !== null) results.push(await removeFromHelper(login, login.helper, deps))
  }
  const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ domain }) => domain)
  const salts = logins.filter(({ domain }) => !failed.includes(domain)).map(({ salt }) => salt)
  const ledger = readLedger(folder)
  writeLedger(folder, { ...ledger, logins: ledger.logins.filter(({ salt }) => !salts.includes(salt)) })
  return results
}

function removeFromAuths(folder: string, logins: readonly StoredLogin[]): readonly RemovedLogin[] {
  let results: readonly RemovedLogin[] = []
  try {
    updateConfig(folder, ({ auths }) => {
      results = logins.map((stored) => {
        const found = readAuth(auths, stored.domain)
        const outcome = found === undefined ? 'absent' : isStored(stored, found) ? 'removed' : 'replaced'
        return { domain: stored.domain, outcome }
      })
      const gone = results.filter(({ outcome }) => outcome === 'removed').map(({ domain }) => domain)
      if (gone.length === 0) return undefined
      return Object.fromEntries(Object.entries(auths).filter(([domain]) => !gone.includes(domain)))
    })
    return results
  } catch (error) {
    return logins.map(({ domain }) => ({ domain, outcome: 'failed', error: toNopassError(error) }))
  }
}

async function removeFromHelper(stored: StoredLogin, suffix: string, deps: DockerConfigDeps): Promise<RemovedLogin> {
  const { domain } = stored
  try {
    const helper = openHelper(suffix, deps)
    const found = await helper.get(domain)
    if (found === undefined) return { domain, outcome: 'absent' }
    if (!isStored(stored, found)) return { domain, outcome: 'replaced' }
    await helper.erase(domain, found)
    return { domain, outcome: 'removed' }
  } catch (error) {
    return { domain, outcome: 'failed', error: toNopassError(error) }
  }
}
