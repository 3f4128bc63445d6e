import { NopassError, toNopassError } from '../../errors.ts'
import { stableJson } from '../../lib/json.ts'
import { sha256 } from '../../lib/text.ts'
import type { NodeConfig } from '../node-config.ts'
import { canLimit, type FetchLogin, type WantedLogin } from './fetch-login.ts'
import {
  type BootTime,
  decideLogin,
  isRefusal,
  type LoginRecord,
  lastLogin,
  type StoredFailure,
  type UsableLogin,
} from './login-record.ts'
import type { LoginStore } from './login-store.ts'

export interface ObtainDeps {
  readonly config: NodeConfig
  /** Undefined: nothing may be kept on this node. */
  readonly store: LoginStore | undefined
  readonly fetchLogin: FetchLogin
  readonly time: () => BootTime
  /** The cloud's clock, as far as it is known. */
  readonly cloudNow: () => number
  /** The uptime at which this process started. */
  readonly startedAt: number
  readonly sleep: (milliseconds: number) => Promise<void>
}

/** How often a waiting request looks for the login that another process requests (milliseconds). */
const LOOK_MS = 20

/**
 * Returns a login from the store, or a new one. Of all processes on the node that want the same
 * login, one calls the cloud, and the others wait for its result.
 * @throws NopassError if the cloud issues no login and the last login cannot be used
 */
export async function obtainLogin(wanted: WantedLogin, deps: ObtainDeps, signal: AbortSignal): Promise<UsableLogin> {
  const { store } = deps
  const key = keyOf(wanted, deps.config)
  const read = (): LoginRecord | undefined => store?.read(key)
  for (;;) {
    const decision = decideLogin(read(), deps.time(), deps.startedAt)
    if (decision.kind === 'use') return decision
    if (decision.kind === 'failed') return fallBack(read(), errorOf(decision.failure), deps)
    if (signal.aborted) return fallBack(read(), timedOut(), deps)
    if (store === undefined) return renew(wanted, deps, signal)
    if (store.lock(key)) {
      try {
        // Another process may have renewed it since the record was read.
        const again = decideLogin(read(), deps.time(), deps.startedAt)
        if (again.kind === 'renew') return await renew(wanted, deps, signal)
      } finally {
        store.unlock(key)
      }
    } else {
      await deps.sleep(LOOK_MS)
    }
  }
}

async function renew(wanted: WantedLogin, deps: ObtainDeps, signal: AbortSignal): Promise<UsableLogin> {
  const { store, time } = deps
  const key = keyOf(wanted, deps.config)
  const before = store?.read(key)
  try {
    const fetched = await deps.fetchLogin(wanted, signal)
    const { boot, uptime } = time()
    const login = { ...fetched, cloudAhead: deps.cloudNow() - uptime }
    store?.write(key, { boot, login })
    return { login, seconds: Math.max(0, login.refreshAt - deps.cloudNow()) / 1000 }
  } catch (error) {
    const failure = signal.aborted ? timedOut() : toNopassError(error)
    const { boot, uptime } = time()
    const { code, message, hint } = failure
    const known = before?.boot === boot ? before.login : undefined
    const login = known && isRefusal(code) ? { ...known, refused: true } : known
    store?.write(key, { boot, ...(login && { login }), failure: { at: uptime, code, message, hint } })
    return fallBack(before, failure, deps)
  }
}

function fallBack(record: LoginRecord | undefined, failure: NopassError, { time }: ObtainDeps): UsableLogin {
  const last = lastLogin(record, failure.code, time())
  if (last === undefined) throw failure
  return last
}

function errorOf({ code, message, hint }: StoredFailure): NopassError {
  return new NopassError(code, message, { hint })
}

function timedOut(): NopassError {
  return new NopassError('NODE_TIMEOUT', 'the cloud did not respond in time for a pull')
}

/** A name for everything that decides which login is issued. */
export function keyOf(wanted: WantedLogin, config: NodeConfig): string {
  const { identity, values, repositories } = wanted
  const { oidcProviderArn, region, network, endpoints } = config
  const { name: _name, repositories: _all, limit: _limit, targets: _targets, ...registry } = values
  const whose =
    identity.kind === 'worker-role'
      ? identity.kind
      : { roleArn: identity.roleArn, uid: identity.account.uid, oidcProviderArn }
  const list = canLimit(wanted) ? repositories : undefined
  return sha256(stableJson({ whose, registry, list, region, network, endpoints }))
}
