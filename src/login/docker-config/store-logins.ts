import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { isRecord, parseObject } from '../../lib/json.ts'
import { isAlive, type ProcessId } from '../../lib/process-id.ts'
import { type DockerConfig, encodeAuth, readAuth, readConfig, updateConfig } from './config-file.ts'
import { type DockerConfigDeps, withConfigLock } from './config-lock.ts'
import { createIsolatedFolder, removeIsolatedFolder } from './isolated-folder.ts'
import { type LedgerEntry, readLedger, writeLedger } from './ledger.ts'
import { type DockerLogin, isStored, type LoginReceipt, markLogin } from './receipt.ts'
import { removeLocked } from './remove-logins.ts'

export interface StoreRequest {
  /** `DOCKER_CONFIG`, or `~/.docker`. */
  readonly folder: string
  /** `merge`: into the configuration of `folder`. `isolated`: into one of its own. */
  readonly config: 'merge' | 'isolated'
  /** A folder that is removed after the job, such as RUNNER_TEMP; for `isolated`. */
  readonly temporaryFolder: string
  readonly logins: readonly DockerLogin[]
  /** When the logins expire, in epoch milliseconds. */
  readonly expiresAt: number
  /**
   * The process that lives exactly as long as the job. The same holder may replace its logins, and
   * the logins of a dead holder are leftovers. Undefined if there is no such process: logins are
   * then leftovers when they have expired.
   */
  readonly holder?: ProcessId | undefined
}

export interface StoredLogins {
  readonly receipt: LoginReceipt
  /** What `DOCKER_CONFIG` must name for the steps that use the logins. */
  readonly dockerConfigFolder: string
}

/**
 * Stores logins where Docker, buildx and other clients find them. Either all logins are stored, or
 * none.
 * @param record called with the receipt before anything is written, so that logins of a process
 *   that is killed can be removed
 * @throws DOCKER_CONFIG_UNREADABLE, DOCKER_CONFIG_UNWRITABLE, DOCKER_CONFIG_LOCKED,
 *   DOCKER_LOGIN_EXISTS, DOCKER_LOGIN_SHADOWED, CREDENTIAL_HELPER_FAILED
 */
export async function storeLogins(
  request: StoreRequest,
  deps: DockerConfigDeps,
  record: (receipt: LoginReceipt) => void,
): Promise<StoredLogins> {
  refuseShadowed(request.logins, deps.environment.DOCKER_AUTH_CONFIG)
  const { config } = request
  const folder = config === 'merge' ? request.folder : createIsolatedFolder(request.temporaryFolder, request.folder)
  const receipt: LoginReceipt = {
    version: 1,
    config,
    folder,
    logins: request.logins.map((login) => markLogin(login, null)),
  }
  record(receipt)
  if (config === 'isolated') {
    writeIsolated(request, receipt)
    return { receipt, dockerConfigFolder: folder }
  }
  await withConfigLock(folder, deps, async () => {
    refuseHelpers(readConfig(folder), request.logins)
    const ledger = readLedger(folder)
    const entries = ledgerEntries(request, receipt)
    const others = ledger.logins.filter(({ domain }) => !entries.some((entry) => entry.domain === domain))
    writeLedger(folder, { config, logins: [...ledger.logins, ...entries] })
    try {
      updateConfig(folder, ({ auths, others }) => {
        refuseExisting({ auths, others }, request, ledger.logins, deps)
        return { auths: { ...auths, ...oursOf(request.logins) }, others }
      })
      writeLedger(folder, { config, logins: [...others, ...entries] })
    } catch (error) {
      removeLocked(receipt)
      throw error
    }
  })
  return { receipt, dockerConfigFolder: folder }
}

/** Other logins of the user, and credential helpers, are not taken over. */
function writeIsolated(request: StoreRequest, { config, folder, logins: stored }: LoginReceipt): void {
  const {
    auths: _auths,
    credHelpers: _credHelpers,
    credsStore: _credsStore,
    ...others
  } = readConfig(request.folder).others
  try {
    writeLedger(folder, { config, logins: ledgerEntries(request, { logins: stored }) })
    updateConfig(folder, () => ({ auths: oursOf(request.logins), others }))
  } catch (error) {
    removeIsolatedFolder(folder)
    throw error
  }
}

function ledgerEntries({ holder, expiresAt }: StoreRequest, { logins }: Pick<LoginReceipt, 'logins'>) {
  return logins.map((login): LedgerEntry => ({ ...login, expiresAt, holder: holder ?? null }))
}

function oursOf(logins: readonly DockerLogin[]) {
  return Object.fromEntries(logins.map((login) => [login.domain, encodeAuth(login)]))
}

/** https://github.com/docker/cli/blob/v29.3.0/cli/config/configfile/file.go#L269 */
function refuseShadowed(logins: readonly DockerLogin[], variable = ''): void {
  const { auths } = parseObject(variable) ?? {}
  for (const { domain } of logins) {
    if (isRecord(auths) && Object.hasOwn(auths, domain)) {
      throw new NopassError('DOCKER_LOGIN_SHADOWED', `the variable DOCKER_AUTH_CONFIG has a login for ${domain}`)
    }
  }
}

function refuseHelpers({ others }: DockerConfig, logins: readonly DockerLogin[]): void {
  for (const { domain } of logins) {
    const { credHelpers, credsStore } = others
    const helper = isRecord(credHelpers) && Object.hasOwn(credHelpers, domain) ? credHelpers[domain] : credsStore
    if (helper) throw new NopassError('CREDENTIAL_HELPER_FAILED', `a credential helper is configured for ${domain}`)
  }
}

/** A login of somebody else is never overwritten, because its password could not be put back. */
function refuseExisting(
  { auths }: DockerConfig,
  { logins, holder, folder }: StoreRequest,
  ledger: readonly LedgerEntry[],
  { clock }: DockerConfigDeps,
): void {
  for (const { domain } of logins) {
    const entry = Object.hasOwn(auths, domain) ? auths[domain] : undefined
    if (!isRecord(entry) || Object.values(entry).every((value) => value === '')) continue
    const found = readAuth(entry)
    const ours = ledger.find((one) => one.domain === domain && found !== undefined && isStored(one, found))
    const place = join(folder, 'config.json')
    if (ours === undefined) {
      throw new NopassError('DOCKER_LOGIN_EXISTS', `${place} already has a login for ${domain}`)
    }
    if (!mayReplace(ours, holder, clock)) {
      const until = new Date(ours.expiresAt).toISOString()
      throw new NopassError(
        'DOCKER_LOGIN_EXISTS',
        `another job has logged in to ${domain} in ${place} until ${until}`,
        {
          hint: 'Use `config: isolated`, or run `acr-nopass logout` if that job has ended.',
        },
      )
    }
  }
}

function mayReplace({ expiresAt, holder }: LedgerEntry, asking: ProcessId | undefined, clock: Clock): boolean {
  if (expiresAt <= clock.now()) return true
  if (holder === null) return false
  return (holder.pid === asking?.pid && holder.start === asking.start) || !isAlive(holder)
}
