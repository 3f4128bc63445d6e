import { stopwatch } from '../alibaba/cloud-clock.ts'
import { type AuthorizationToken, type CrTarget, getAuthorizationToken, listInstanceEndpoint } from '../alibaba/cr.ts'
import type { CredentialProvider } from '../alibaba/credentials.ts'
import { NopassError } from '../errors.ts'
import { findInstance } from './find-instance.ts'
import type { RegistryConfig } from './registry-config.ts'
import { chooseDomains, enterpriseDomains, type OwnDomain } from './registry-domains.ts'
import type { RegistryApi, TokenFetch } from './registry-token.ts'

/** How long an instance's addresses are believed (milliseconds). */
const DOMAINS_LIVE = 3_600_000

/** Tokens of an Enterprise instance: a fresh session, one token call, and its addresses once an hour. */
export function createEnterpriseFetch(
  registry: RegistryConfig,
  identity: CredentialProvider,
  deps: RegistryApi,
): TokenFetch {
  const { clock } = deps.transport
  const endpoint = deps.endpoints.url('cr', registry.region, registry.apiNetwork)
  let instanceId = registry.instanceId || undefined
  let hours = registry.expiresInHours ?? undefined
  let addresses: { own: readonly OwnDomain[]; readAt: number } | undefined

  return async (signal) => {
    // A token lives as long as the session that asked for it, so the session must be a new one.
    const credentials = await identity.fresh(signal)
    const target: CrTarget = { transport: deps.transport, endpoint, credentials }
    instanceId ??= await findInstance(target, registry, signal)
    const askedAt = stopwatch(clock)
    const token = await tokenOf(target, instanceId, signal)
    const issuedAt = askedAt()
    const own = await ownDomains(target, instanceId, signal)
    const domains = chooseDomains(own, registry.domains, registry.network)
    if (domains.length === 0) throw nothingToWrite(registry)
    return { username: token.username, password: token.password, issuedAt, expiresAt: token.expiresAt, domains }
  }

  async function tokenOf(target: CrTarget, id: string, signal: AbortSignal): Promise<AuthorizationToken> {
    try {
      return await getAuthorizationToken(target, { instanceId: id, expiresInHours: hours }, signal)
    } catch (error) {
      // `expiresInHours` is new: an endpoint that does not know it must not cost the token.
      if (hours === undefined || !(error instanceof NopassError) || error.code !== 'CLOUD_REJECTED') throw error
      const token = await getAuthorizationToken(target, { instanceId: id }, signal)
      hours = undefined
      return token
    }
  }

  async function ownDomains(target: CrTarget, id: string, signal: AbortSignal) {
    if (addresses !== undefined && clock.now() - addresses.readAt < DOMAINS_LIVE) return addresses.own
    try {
      const own = enterpriseDomains(await listInstanceEndpoint(target, id, signal))
      addresses = { own, readAt: clock.now() }
    } catch (error) {
      if (addresses === undefined || signal.aborted) throw error
    }
    return addresses.own
  }
}

function nothingToWrite(registry: RegistryConfig): NopassError {
  return new NopassError(
    'REGISTRY_NO_DOMAIN',
    `registry ${registry.name} has no domain on network ${registry.network}`,
    {
      hint: 'Open the endpoint of this network in the ACR console, or set network: all.',
    },
  )
}
