import { getAuthorizationToken, getPersonalToken, listInstanceEndpoint } from '../alibaba/cr.ts'
import type { CredentialProvider } from '../alibaba/credentials.ts'
import { type ReadText, readMounted } from '../alibaba/identities/access-key.ts'
import type { AssumeRoleStep } from '../alibaba/identities/assumed-role.ts'
import { stopwatch } from '../alibaba/transport/cloud-clock.ts'
import type { AbortableTarget, CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import type { Endpoints } from '../alibaba/transport/endpoints.ts'
import { hasCode, NopassError } from '../errors.ts'
import { singleFlight } from '../lib/concurrency.ts'
import { type RegistryConfig, registryFingerprint } from './registry-config.ts'
import { chooseDomains, enterpriseDomains, type OwnDomain, personalDomains } from './registry-domains.ts'
import type { RegistryToken } from './registry-token.ts'
import { createTokenSession, findInstanceId } from './token-session.ts'

export type TokenSource = ReturnType<typeof createTokenSource>

export interface TokenSourceDeps {
  readonly transport: CloudTransport
  readonly endpoints: Endpoints
  /** Returns a number from 0 (included) to 1 (excluded). Default: this machine's generator. */
  readonly random?: () => number
  /** Returns the identity for a registry's chain of roles; the same provider for the same chain. */
  readonly identity: (chain: readonly AssumeRoleStep[]) => CredentialProvider
  /** Values' `identity`, for the fingerprint only. */
  readonly identityConfig: unknown
  /** The list that `identity` limits the token to, for the fingerprint only. */
  readonly repositories?: readonly string[] | undefined
  readonly readText: ReadText
  /** Static registries: `<secretsDir>/registries/<name>/{username,password}`. */
  readonly secretsDir: string
  /** Sources made with the same map share the token requests of each registry and identity. */
  readonly logins?: SharedLogins
}

/** A login with all domains of the registry, before the configured domains are chosen. */
interface FetchedLogin extends Omit<RegistryToken, 'domains'> {
  readonly own: readonly OwnDomain[]
}

/** Gets a new login. @throws NopassError */
type LoginFetch = (signal: AbortSignal) => Promise<FetchedLogin>

export type SharedLogins = Map<string, (signal?: AbortSignal) => Promise<FetchedLogin>>

/**
 * Creates the source of a registry's tokens. `get` throws REGISTRY_NO_DOMAIN if the registry has no
 * domain on its network.
 */
export function createTokenSource(registry: RegistryConfig, deps: TokenSourceDeps) {
  const key = registryFingerprint(registry, deps.identityConfig, deps.repositories)
  const credentials = registry.edition === 'static' ? undefined : deps.identity(registry.assumeRole)
  // Entries whose requests differ cannot share a request.
  const request = `${key} ${registry.apiNetwork} ${registry.expiresInHours}`
  const login =
    deps.logins?.get(request) ??
    singleFlight(credentials ? createFetch(registry, credentials, deps) : createStaticFetch(registry, deps))
  deps.logins?.set(request, login)
  return {
    /**
     * Equal for the same edition, region, instance and identity, because these tokens are
     * interchangeable (docs/en/decisions.md#token-sharing).
     */
    key,
    /** True if the node shares the token's session: see refresh-schedule.ts. */
    sharedSession: credentials?.sharedSession ?? false,
    /**
     * Requests a new token; never returns a cached one. Concurrent calls share one request, also
     * across sources with the same `logins`.
     * @throws NopassError
     */
    async get(signal?: AbortSignal): Promise<RegistryToken> {
      const { own, ...token } = await login(signal)
      const { expiresAt } = token
      if (expiresAt !== null && expiresAt <= deps.transport.clock.now()) {
        throw new NopassError('CLOUD_UNAVAILABLE', `registry ${registry.name} issued a token that has already expired`)
      }
      const domains = chooseDomains(own, registry.domains, registry.network)
      if (domains.length === 0) throw noDomain(registry)
      return { ...token, domains }
    },
  }
}

function noDomain(registry: RegistryConfig): NopassError {
  const hint = 'Open the endpoint of this network in the ACR console, or set network: all.'
  const message = `registry ${registry.name} has no domain on network ${registry.network}`
  return new NopassError('REGISTRY_NO_DOMAIN', message, { hint })
}

/**
 * Reads user name and password from a mounted Secret at each call, because the Secret may change.
 */
function createStaticFetch(registry: RegistryConfig, deps: TokenSourceDeps): LoginFetch {
  const whose = `registry ${registry.name}`
  const hint = 'The Secret named in existingSecret needs the keys username and password.'
  return async (signal) => {
    const read = (key: string) => {
      const file = `${deps.secretsDir}/registries/${registry.name}/${key}`
      return readMounted({ whose, file, hint }, deps.readText, signal)
    }
    const username = await read('username')
    const password = await read('password')
    return { username, password, issuedAt: deps.transport.clock.now(), expiresAt: null, own: [] }
  }
}

/**
 * How long an instance's addresses are cached (milliseconds): a random time between these limits,
 * so that a fleet does not read them together.
 */
const DOMAINS_LIVE = 30 * 60_000
const DOMAINS_LIVE_LONGEST = 120 * 60_000

/** Fetches a login with one of ACR's own tokens, by a new session and one token call. */
function createFetch(registry: RegistryConfig, identity: CredentialProvider, deps: TokenSourceDeps): LoginFetch {
  const { transport, endpoints } = deps
  const location = endpoints.locate('cr', registry.region, registry.apiNetwork)
  const withSession = createTokenSession(identity, transport.clock)
  const fetch =
    registry.edition === 'enterprise' ? createEnterpriseFetch(registry, deps) : createPersonalFetch(registry)
  return (signal) => withSession((credentials) => fetch({ transport, ...location, credentials, signal }), signal)
}

type FetchAt = (target: AbortableTarget) => Promise<FetchedLogin>

/** Fetches tokens of an Enterprise instance, and about once an hour the instance's addresses. */
function createEnterpriseFetch(
  registry: RegistryConfig,
  { transport, random = Math.random }: TokenSourceDeps,
): FetchAt {
  const { clock } = transport
  let instanceId = registry.instanceId || undefined
  let hours = registry.expiresInHours ?? undefined
  let addresses: { own: readonly OwnDomain[]; readAt: number } | undefined

  return async (target) => {
    instanceId ??= await findInstanceId(target, registry)
    const requestedAt = stopwatch(clock)
    const token = await tokenOf(target, instanceId)
    const issuedAt = requestedAt()
    const own = await ownDomains(target, instanceId)
    return { ...token, issuedAt, own }
  }

  async function tokenOf(target: AbortableTarget, id: string) {
    try {
      return await getAuthorizationToken(target, { instanceId: id, expiresInHours: hours })
    } catch (error) {
      // `expiresInHours` is new, so an endpoint that refuses it must still issue a token.
      if (hours === undefined || !hasCode(error, 'CLOUD_REJECTED')) throw error
      const token = await getAuthorizationToken(target, { instanceId: id })
      hours = undefined
      return token
    }
  }

  async function ownDomains(target: AbortableTarget, id: string) {
    const age = addresses === undefined ? Number.POSITIVE_INFINITY : clock.now() - addresses.readAt
    const isCached = age < DOMAINS_LIVE || (age < DOMAINS_LIVE_LONGEST && random() < 0.5)
    if (addresses !== undefined && isCached) return addresses.own
    try {
      const own = enterpriseDomains(await listInstanceEndpoint(target, id))
      addresses = { own, readAt: clock.now() }
    } catch (error) {
      if (addresses === undefined || target.signal?.aborted) throw error
    }
    return addresses.own
  }
}

/**
 * Fetches tokens of the Personal Edition as sold until 2024-09-08. Newer registries (`crpi-…`) are
 * static.
 */
function createPersonalFetch({ region = '' }: RegistryConfig): FetchAt {
  const own = personalDomains(region)
  return async (target) => {
    const requestedAt = stopwatch(target.transport.clock)
    const token = await getPersonalToken(target).catch((error: unknown) => {
      throw unknownUser(error)
    })
    return { ...token, issuedAt: requestedAt(), own }
  }
}

function unknownUser(error: unknown): unknown {
  if (!(error instanceof NopassError) || error.reason !== 'USER_NOT_EXIST') return error
  return new NopassError('CLOUD_NOT_FOUND', 'the Personal Edition does not know this user yet', {
    hint: 'As this RAM user, open the Personal Edition in the ACR console once and set a registry password. RAM roles do not need this.',
    reason: error.reason,
    requestId: error.requestId,
  })
}
