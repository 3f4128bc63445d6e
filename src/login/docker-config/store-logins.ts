import { NopassError } from '../../errors.ts'
import { isRecord, parseObject } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import type { ProcessId } from '../../lib/process-id.ts'
import { configFileOf, readConfig, updateConfig, writeWhole } from './config-file.ts'
import { type DockerConfigDeps, withConfigLock } from './config-lock.ts'
import {
  type AuthEntry,
  checkAuths,
  type DockerConfig,
  encodeAuth,
  hasLogin,
  helperOf,
  readAuth,
  renderConfig,
  settingsOf,
} from './config-text.ts'
import { openHelper } from './credential-helper.ts'
import { createIsolatedFolder, removeIsolatedFolder } from './isolated-folder.ts'
import { jobOf } from './job-id.ts'
import { holderOf, isLeftover, isSameJob, type Ledger, type LedgerEntry, readLedger, writeLedger } from './ledger.ts'
import { type DockerLogin, isStored, type LoginReceipt, markLogin } from './receipt.ts'
import { removeLocked } from './remove-logins.ts'
import { undoStore } from './undo-store.ts'

export interface StoreRequest {
  /** `DOCKER_CONFIG`, or `~/.docker`. */
  readonly folder: string
  /**
   * `merge`: stores the logins in the configuration of `folder`. `isolated`: stores them in a
   * separate configuration.
   */
  readonly config: 'merge' | 'isolated'
  /** A folder that is removed after the job, such as RUNNER_TEMP; for `isolated`. */
  readonly temporaryFolder: string
  readonly logins: readonly DockerLogin[]
  /** When the logins expire, in epoch milliseconds on the clock of this machine. */
  readonly expiresAt: number
  /**
   * The process that lives exactly as long as the job. The same job may replace its logins, and the
   * logins of a dead process are leftovers. Undefined if there is no such process: logins are then
   * leftovers when they have expired.
   */
  readonly holder?: ProcessId | undefined
}

export interface StoredLogins {
  readonly receipt: LoginReceipt
  /** What `DOCKER_CONFIG` must name for the steps that use the logins. */
  readonly dockerConfigFolder: string
  /** Domains of which a login of the same job was replaced. */
  readonly replaced: readonly string[]
}

/**
 * Stores logins where Docker, buildx and other clients find them. Either all logins are stored, or
 * none, and the earlier logins of the job stay.
 * @param record called with the receipt before anything secret is written, so that the logins of a
 *   process that is killed can be removed
 * @throws DOCKER_CONFIG_UNREADABLE, DOCKER_CONFIG_UNWRITABLE, DOCKER_CONFIG_LOCKED,
 *   DOCKER_LOGIN_EXISTS, DOCKER_LOGIN_SHADOWED, CREDENTIAL_HELPER_FAILED
 */
export async function storeLogins(
  request: StoreRequest,
  deps: DockerConfigDeps,
  record: (receipt: LoginReceipt) => void,
): Promise<StoredLogins> {
  refuseShadowed(request.logins, deps.environment.DOCKER_AUTH_CONFIG)
  // A second login of the same job finds the isolated configuration of the first login.
  const isIsolated = request.config === 'isolated' && readLedger(request.folder).config !== 'isolated'
  if (isIsolated) return storeIsolated(request, deps, record)
  return withConfigLock(request.folder, deps, () => storeLocked(request, deps, record))
}

async function storeLocked(
  request: StoreRequest,
  deps: DockerConfigDeps,
  record: (receipt: LoginReceipt) => void,
): Promise<StoredLogins> {
  const { folder, logins } = request
  const config = readConfig(folder)
  checkAuths(config, configFileOf(folder))
  const found = readLedger(folder)
  const leftovers = found.logins.filter((login) => isLeftover(login, deps.clock))
  if (leftovers.length > 0) await removeLocked({ folder, logins: leftovers }, deps)
  const ledger = readLedger(folder)
  const toHelpers = logins.flatMap((login) => {
    const suffix = helperOf(config, login.domain)
    return suffix === null ? [] : [{ login, helper: openHelper(suffix, deps) }]
  })
  const earlier = new Map<string, AuthEntry>()
  for (const { login, helper } of toHelpers) {
    const place = `the credential helper docker-credential-${helper.suffix}`
    const otherwise = ` If the helper makes its own logins, remove ${login.domain} from \`credHelpers\`.`
    const existing = await helper.get(login.domain)
    refuseExisting(login.domain, existing, { place, otherwise }, ledger, request, deps)
    if (existing !== undefined) earlier.set(login.domain, existing)
  }
  const toAuths = logins.filter((login) => helperOf(config, login.domain) === null)
  refuseInAuths(readConfig(folder), toAuths, ledger, request, deps)

  const stored = logins.map((login) => markLogin(login, helperOf(config, login.domain)))
  const receipt: LoginReceipt = { version: 1, config: 'merge', folder, logins: stored }
  record(receipt)
  const entries = ledgerEntries(request, receipt, deps)
  // The earlier entries stay until the login is stored, because this process may be killed.
  writeLedger(folder, { ...ledger, logins: [...ledger.logins, ...entries] })
  try {
    for (const { login, helper } of toHelpers) await helper.store(login)
    // Last, because one rename writes them all: nothing of `auths` has to be undone.
    if (toAuths.length > 0) {
      updateConfig(folder, (current) => {
        refuseInAuths(current, toAuths, ledger, request, deps)
        return { ...current.auths, ...authsOf(toAuths) }
      })
    }
  } catch (error) {
    await undoStore(receipt, earlier, { ...deps, signal: undefined })
    throw error
  }
  const others = ledger.logins.filter(({ domain }) => !logins.some((login) => login.domain === domain))
  writeLedger(folder, { ...ledger, logins: [...others, ...entries] })
  const isReplaced = (domain: string): boolean => ledger.logins.some((login) => login.domain === domain)
  const replaced = logins.map(({ domain }) => domain).filter(isReplaced)
  return { receipt, dockerConfigFolder: folder, replaced }
}

/**
 * Writes a configuration with the settings of the user, but without the user's logins and helpers.
 */
function storeIsolated(
  request: StoreRequest,
  deps: DockerConfigDeps,
  record: (receipt: LoginReceipt) => void,
): StoredLogins {
  const folder = createIsolatedFolder(request.temporaryFolder, request.folder)
  const stored = request.logins.map((login) => markLogin(login, null))
  const receipt: LoginReceipt = { version: 1, config: 'isolated', folder, logins: stored }
  try {
    record(receipt)
    writeLedger(folder, { config: 'isolated', logins: ledgerEntries(request, receipt, deps) })
    // Docker ignores a configuration that it cannot read, after a warning.
    const { content }: Pick<DockerConfig, 'content'> = orElse(() => readConfig(request.folder), { content: {} })
    writeWhole(configFileOf(folder), renderConfig({ content: settingsOf({ content }), auths: authsOf(request.logins) }))
  } catch (error) {
    removeIsolatedFolder(folder)
    throw error
  }
  return { receipt, dockerConfigFolder: folder, replaced: [] }
}

function ledgerEntries({ holder, expiresAt }: StoreRequest, { logins }: LoginReceipt, deps: DockerConfigDeps) {
  const job = jobOf(deps.environment)
  return logins.map((login): LedgerEntry => ({ ...login, expiresAt, job, holder: holderOf(holder) }))
}

function authsOf(logins: readonly DockerLogin[]) {
  return Object.fromEntries(logins.map((login) => [login.domain, encodeAuth(login)]))
}

/**
 * Docker and crane use the variable before the configuration.
 * Source: https://github.com/docker/cli/blob/v29.3.0/cli/config/configfile/file.go#L269
 */
function refuseShadowed(logins: readonly DockerLogin[], variable = ''): void {
  const { auths } = parseObject(variable) ?? {}
  for (const { domain } of logins) {
    if (isRecord(auths) && Object.hasOwn(auths, domain)) {
      throw new NopassError('DOCKER_LOGIN_SHADOWED', `the variable DOCKER_AUTH_CONFIG has a login for ${domain}`)
    }
  }
}

function refuseInAuths(
  { auths }: DockerConfig,
  logins: readonly DockerLogin[],
  ledger: Ledger,
  request: StoreRequest,
  deps: DockerConfigDeps,
): void {
  for (const { domain } of logins) {
    // A token without a user name is a login too.
    const found = readAuth(auths, domain) ?? (hasLogin(auths, domain) ? { username: '', password: '' } : undefined)
    refuseExisting(domain, found, { place: configFileOf(request.folder), otherwise: '' }, ledger, request, deps)
  }
}

/**
 * A login of somebody else is never overwritten, because its password could not be put back. Nor is
 * a login of another job, which still needs it (docs/en/decisions.md#docker-login).
 */
function refuseExisting(
  domain: string,
  found: AuthEntry | undefined,
  { place, otherwise }: { readonly place: string; readonly otherwise: string },
  ledger: Ledger,
  { holder }: StoreRequest,
  { clock, environment }: DockerConfigDeps,
): void {
  if (found === undefined) return
  const ours = ledger.logins.find((one) => one.domain === domain && isStored(one, found))
  if (ours === undefined) {
    throw new NopassError('DOCKER_LOGIN_EXISTS', `${place} already has a login for ${domain}`, {
      hint: `Use \`config: isolated\`, which leaves it alone, or remove it first with \`docker logout ${domain}\`.${otherwise}`,
    })
  }
  if (ledger.config === 'isolated' || isSameJob(ours, jobOf(environment), holder) || isLeftover(ours, clock)) return
  const until = new Date(ours.expiresAt).toISOString()
  throw new NopassError('DOCKER_LOGIN_EXISTS', `${place} has a login for ${domain} of another job, until ${until}`, {
    hint: 'Use `config: isolated`. If that job has ended, run `acr-nopass logout` on the machine.',
  })
}
