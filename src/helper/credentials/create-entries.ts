import { hostOf } from '../../acr/registry-domains.ts'
import { createTokenSource, type SharedLogins } from '../../acr/token-source.ts'
import { verifyLogin } from '../../acr/verify-login.ts'
import type { CredentialProvider } from '../../alibaba/credentials.ts'
import type { ReadText } from '../../alibaba/identities/access-key.ts'
import type { AssumeRoleStep } from '../../alibaba/identities/assumed-role.ts'
import { createIdentity } from '../../alibaba/identities/identity.ts'
import type { CloudTransport } from '../../alibaba/transport/cloud-transport.ts'
import { createEndpoints } from '../../alibaba/transport/endpoints.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { RegistryEntry, RegistryValues, Verification } from './registry-state.ts'

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

/** How many of a registry's hosts are tried; one response is enough. */
const HOSTS = 3

/**
 * The registries of a configuration with their token sources. Equal role chains share an identity,
 * equal registries a request.
 */
export function createEntries(config: HelperConfig, deps: RegistryEntryDeps): readonly RegistryEntry[] {
  const { transport } = deps
  const endpoints = createEndpoints({ overrides: config.endpoints, region: config.region, network: config.network })
  const identities = new Map<string, CredentialProvider>()
  const logins: SharedLogins = new Map()
  const identityFor = (region: string) => (chain: readonly AssumeRoleStep[]) => {
    const key = JSON.stringify([region, chain])
    const known = identities.get(key)
    if (known) return known
    const accessKeyDir = `${deps.secretsDir}/access-key`
    const created = createIdentity(config.identity, chain, { ...deps, endpoints, region, accessKeyDir })
    identities.set(key, created)
    return created
  }
  return config.registries.map((values) => {
    const identity = identityFor(config.region || (values.region ?? ''))
    return {
      name: values.name,
      values,
      source: createTokenSource(values, { ...deps, endpoints, identity, identityConfig: config.identity, logins }),
      verify: config.verify.enabled ? createVerify(values, transport, endpoints.registry()) : async () => 'skipped',
    }
  })
}

function createVerify(
  values: RegistryValues,
  transport: CloudTransport,
  registry: URL | undefined,
): RegistryEntry['verify'] {
  return async ({ username, password, domains }, signal) => {
    let verdict: Verification = 'skipped'
    const byHost = new Map(domains.map((domain) => [hostOf(domain), domain]))
    for (const domain of [...byHost.values()].slice(0, HOSTS)) {
      const request = { domain, username, password, issuedByAcr: values.edition !== 'static', registry }
      const { result } = await verifyLogin(transport.send, request, signal)
      // An unreachable host proves nothing.
      if (result === 'accepted' || result === 'refused') return result
      verdict = result
    }
    return verdict
  }
}
