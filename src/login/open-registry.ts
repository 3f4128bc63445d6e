import type { RegistryToken } from '../acr/registry-token.ts'
import { createTokenSource } from '../acr/token-source.ts'
import type { CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import type { Endpoints } from '../alibaba/transport/endpoints.ts'
import { ERROR_CODES } from '../error-codes.ts'
import { NopassError, reworded } from '../errors.ts'
import { lookupPolicy, MAX_SESSION_POLICY, sessionPolicy } from '../policy/session-policy.ts'
import type { ChosenRegistry } from './choose-registries.ts'
import { findInstance } from './find-instance.ts'
import type { LoginIdentity } from './open-identity.ts'

export interface RegistryDeps {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
  readonly identity: LoginIdentity
  /** Input `session-duration`, in seconds. */
  readonly sessionSeconds: number
}

/** A registry, and how its token is requested. */
export interface OpenedRegistry {
  readonly chosen: ChosenRegistry
  /** The policy of the session; undefined: no session is requested, so none can be limited. */
  readonly policy: string | undefined
  /** Requests a new token, with all domains of the registry on the network. */
  readonly requestToken: (signal: AbortSignal) => Promise<RegistryToken>
}

/** Sessions are not requested for longer: STS accepts at most 12 hours. */
const LONGEST_SESSION = 43_200

/**
 * Finds the instance, and limits the session for it to the repositories.
 * @throws SESSION_POLICY_LONG, REGISTRY_NOT_FOUND, and the errors of the cloud
 */
export async function openRegistry(
  given: ChosenRegistry,
  deps: RegistryDeps,
  signal: AbortSignal,
): Promise<OpenedRegistry> {
  const { identity, transport, endpoints } = deps
  const { lookUp, config: known } = given
  const { region = '' } = known
  // A token lives as long as its session.
  const hours = known.expiresInHours ?? 0
  const seconds = Math.min(Math.max(deps.sessionSeconds, hours * 3600), LONGEST_SESSION)
  const config =
    lookUp === undefined
      ? known
      : {
          ...known,
          instanceId: await explained(known.name, () => {
            const credentials = identity.open(known.assumeRole, seconds, lookupPolicy(region))
            const target = { transport, ...endpoints.locate('cr', region, known.apiNetwork), credentials, signal }
            return findInstance(target, lookUp.domain, lookUp.instanceName)
          }),
        }
  const isSession = identity.isSession || config.assumeRole.length > 0
  const policy = isSession ? limitOf({ ...given, config }) : undefined
  const source = createTokenSource(config, {
    transport,
    endpoints,
    identity: (chain) => identity.open(chain, seconds, policy),
    identityConfig: 'login',
    readText: async () => '',
    secretsDir: '',
  })
  return {
    chosen: { ...given, config },
    policy,
    requestToken: (until) => explained(config.name, () => source.get(until)),
  }
}

/** @throws SESSION_POLICY_LONG */
function limitOf({ config, repositories, access }: ChosenRegistry): string {
  const policy = sessionPolicy(config, repositories, access)
  if (policy.length <= MAX_SESSION_POLICY) return policy
  const what = `the repositories of ${config.name} make a session policy of ${policy.length} characters`
  throw new NopassError('SESSION_POLICY_LONG', `${what}, and STS accepts ${MAX_SESSION_POLICY}`, {
    hint: 'Name a namespace with /* instead of single repositories.',
  })
}

/** Adds to the errors of the cloud the registry's name and the fix for a login. */
async function explained<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof NopassError) || error.code === 'INTERRUPTED') throw error
    const isGeneral = error.code === 'CLOUD_NOT_FOUND' && error.hint === ERROR_CODES.CLOUD_NOT_FOUND.fix
    const hint = isGeneral
      ? 'Check the id of the instance and `region`. The role must be in the account of the instance, or the entry needs `assumeRole`.'
      : error.hint.replaceAll(
          /`acr-nopass policy`( and `acr-nopass policy --ci`)?/g,
          '`acr-nopass policy --ci --login`',
        )
    throw reworded(error, `registry ${name}: ${error.message}`, { hint, cause: error.cause })
  }
}
