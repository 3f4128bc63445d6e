import { domainsToAsk } from '../../acr/registry-domains.ts'
import { createTokenSource, type SharedLogins } from '../../acr/token-source.ts'
import { createUnions, type Union } from '../../acr/unions.ts'
import { verifyLogin } from '../../acr/verify-login.ts'
import type { CredentialProvider } from '../../alibaba/credentials.ts'
import type { ReadText } from '../../alibaba/identities/access-key.ts'
import type { AssumeRoleStep, SessionLimit } from '../../alibaba/identities/assumed-role.ts'
import { createIdentity, createLimitedIdentity } from '../../alibaba/identities/identity.ts'
import type { CloudTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../alibaba/transport/endpoints.ts'
import { NopassError } from '../../errors.ts'
import { MAX_SESSION_POLICY, sessionPolicy } from '../../policy/session-policy.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { isLimited } from '../../values/limited-entries.ts'
import { createAskRegistry, createMayPull, createMeasure } from './limit-questions.ts'
import type { RegistryEntries, RegistryEntry, RegistryValues, Verification } from './registry-state.ts'

export interface RegistryEntryDeps {
  readonly transport: CloudTransport
  readonly readText: ReadText
  readonly secretsDir: string
  readonly oidcTokenFile?: string | undefined
  /** The Pod's name, shown in ActionTrail. */
  readonly sessionName: string
  /** 0 (included) to 1 (excluded); default `Math.random`. */
  readonly random?: () => number
}

/**
 * Creates a configuration's credentials with their token sources. Equal role chains share an
 * identity, and equal registries share a request.
 */
export function createEntries(config: HelperConfig, deps: RegistryEntryDeps): RegistryEntries {
  const { transport } = deps
  const endpoints = createEndpoints({ overrides: config.endpoints, region: config.region, network: config.network })
  const identities = new Map<string, CredentialProvider>()
  const logins: SharedLogins = new Map()
  const ask = createAskRegistry(transport.send, endpoints.registry())
  const identityDeps = (registryRegion = '') => {
    return {
      ...deps,
      endpoints,
      region: config.region || registryRegion,
      accessKeyDir: `${deps.secretsDir}/access-key`,
    }
  }
  const identityFor = (region: string | undefined) => (chain: readonly AssumeRoleStep[]) => {
    const own = identityDeps(region)
    const key = JSON.stringify([own.region, chain])
    const known = identities.get(key)
    if (known) return known
    const created = createIdentity(config.identity, chain, own)
    identities.set(key, created)
    return created
  }
  const limitedIdentity = (union: Union) => (chain: readonly AssumeRoleStep[]) => {
    const limit = limitOf(union, config.release)
    const { region } = union.values
    return limit.policy.length > MAX_SESSION_POLICY
      ? withoutSession(union)
      : createLimitedIdentity(config.identity, chain, identityDeps(region), limit, identityFor(region))
  }
  const entryOf = (values: RegistryValues, union?: Union): RegistryEntry => {
    const identity = union === undefined ? identityFor(values.region) : limitedIdentity(union)
    const repositories = union?.repositories
    const shared = { ...deps, endpoints, identityConfig: config.identity, logins }
    return {
      name: values.name,
      values,
      source: createTokenSource(values, { ...shared, identity, repositories }),
      verify: config.verify.enabled ? createVerify(values, transport, endpoints.registry()) : async () => 'skipped',
      ...(union && { union }),
      ...(union &&
        config.verify.enabled && {
          mayPull: createMayPull(union, ask),
          measure: createMeasure(union, ask),
        }),
    }
  }
  // Create each identity now: if that fails, the configuration is refused at once, and not at the
  // first namespace.
  const unions = createUnions(config)
  for (const { union } of config.registries.flatMap(({ name }) => unions.of([name]))) {
    if (union !== undefined) entryOf(union.values, union)
  }
  return {
    unlimited: config.registries.filter((values) => !isLimited(values)).map((values) => entryOf(values)),
    of: (union) => entryOf(union.values, union),
  }
}

/** STS accepts 64 characters. */
const LONGEST_SESSION_NAME = 64
const LONGEST_ENTRY = 24

/**
 * The limit of a union's session. Auditors find the session in ActionTrail by the release's
 * namespace and the first entry.
 */
export function limitOf(
  { entries, repositories, values }: Union,
  { namespace }: Pick<HelperConfig['release'], 'namespace'>,
): SessionLimit {
  const [first = '', ...more] = entries
  const count = more.length === 0 ? '' : `.and-${more.length}-more`
  const end = `.${first.slice(0, LONGEST_ENTRY)}${count}`
  const sessionName = `acr-nopass.${namespace}`.slice(0, LONGEST_SESSION_NAME - end.length) + end
  return { sessionName, policy: sessionPolicy(values, repositories) }
}

/** The identity of a union whose session policy is too long for STS. */
function withoutSession({ entries }: Union): CredentialProvider {
  const fail = async (): Promise<never> => {
    const what = `the session policy for the entries ${entries.join(', ')} has more than ${MAX_SESSION_POLICY} characters`
    throw new NopassError('LIMIT_TOO_LONG', what)
  }
  return { name: 'too long', sharedSession: false, get: fail, fresh: fail }
}

function createVerify(
  values: RegistryValues,
  transport: CloudTransport,
  registry: URL | undefined,
): RegistryEntry['verify'] {
  return async ({ username, password, domains }, signal) => {
    let verdict: Verification = 'skipped'
    for (const domain of domainsToAsk(domains)) {
      const request = { domain, username, password, issuedByAcr: values.edition !== 'static', registry }
      const { result } = await verifyLogin(transport.send, request, signal)
      // An unreachable host proves nothing.
      if (result === 'accepted' || result === 'refused') return result
      verdict = result
    }
    return verdict
  }
}
