import { type AuthorizationToken, getAuthorizationToken, listInstanceEndpoint } from '../alibaba/cr.ts'
import type { CredentialProvider } from '../alibaba/credentials.ts'
import { stopwatch } from '../alibaba/transport/cloud-clock.ts'
import type { CloudTarget } from '../alibaba/transport/cloud-transport.ts'
import { hasCode } from '../errors.ts'
import type { RegistryConfig } from './registry-config.ts'
import { enterpriseDomains, type OwnDomain } from './registry-domains.ts'
import type { FetchedLogin, LoginFetch, RegistryApi } from './registry-token.ts'
import { createTokenSession, findInstanceId } from './token-session.ts'

/** How long an instance's addresses are cached (milliseconds); at random between the two, so that a fleet does not read them together. */
const DOMAINS_LIVE = 30 * 60_000
const DOMAINS_LIVE_LONGEST = 120 * 60_000

/** Tokens of an Enterprise instance: a new session, one token call, and the instance's addresses about once an hour. */
export function createEnterpriseFetch(
  registry: RegistryConfig,
  identity: CredentialProvider,
  deps: RegistryApi,
): LoginFetch {
  const { clock } = deps.transport
  const { random = Math.random } = deps
  const location = deps.endpoints.locate('cr', registry.region, registry.apiNetwork)
  let instanceId = registry.instanceId || undefined
  let hours = registry.expiresInHours ?? undefined
  let addresses: { own: readonly OwnDomain[]; readAt: number } | undefined
  const withSession = createTokenSession(identity, clock)

  return (signal) =>
    withSession((credentials) => fetchToken({ transport: deps.transport, ...location, credentials }, signal), signal)

  async function fetchToken(target: CloudTarget, signal: AbortSignal): Promise<FetchedLogin> {
    instanceId ??= await findInstanceId(target, registry, signal)
    const requestedAt = stopwatch(clock)
    const token = await tokenOf(target, instanceId, signal)
    const issuedAt = requestedAt()
    const own = await ownDomains(target, instanceId, signal)
    return { ...token, issuedAt, own }
  }

  async function tokenOf(target: CloudTarget, id: string, signal: AbortSignal): Promise<AuthorizationToken> {
    try {
      return await getAuthorizationToken(target, { instanceId: id, expiresInHours: hours }, signal)
    } catch (error) {
      // `expiresInHours` is new: an endpoint that does not know it must still issue a token.
      if (hours === undefined || !hasCode(error, 'CLOUD_REJECTED')) throw error
      const token = await getAuthorizationToken(target, { instanceId: id }, signal)
      hours = undefined
      return token
    }
  }

  async function ownDomains(target: CloudTarget, id: string, signal: AbortSignal) {
    if (addresses !== undefined && isCached(clock.now() - addresses.readAt, random())) return addresses.own
    try {
      const own = enterpriseDomains(await listInstanceEndpoint(target, id, signal))
      addresses = { own, readAt: clock.now() }
    } catch (error) {
      if (addresses === undefined || signal.aborted) throw error
    }
    return addresses.own
  }
}

function isCached(age: number, random: number): boolean {
  return age < DOMAINS_LIVE || (age < DOMAINS_LIVE_LONGEST && random < 0.5)
}
