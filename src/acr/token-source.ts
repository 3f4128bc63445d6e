import type { ReadText } from '../alibaba/access-key.ts'
import type { AssumeRoleStep } from '../alibaba/assumed-role.ts'
import type { CredentialProvider } from '../alibaba/credentials.ts'
import { singleFlight } from '../alibaba/single-flight.ts'
import { createEnterpriseFetch } from './enterprise-token.ts'
import { createPersonalFetch } from './personal-token.ts'
import type { RegistryConfig } from './registry-config.ts'
import { registryFingerprint } from './registry-fingerprint.ts'
import type { RegistryApi, RegistryToken } from './registry-token.ts'
import { createStaticFetch } from './static-token.ts'

export type { RegistryToken }

export interface TokenSource {
  /** Equal for sources whose tokens are interchangeable: edition, region, instance and identity (decision 5). */
  readonly key: string
  /** The session behind the token is handed out by the node: see refresh-schedule.ts. */
  readonly sharedSession: boolean
  /** A new token, never a cached one; calls at the same time share one. Rejects with a NopassError. */
  get(signal?: AbortSignal): Promise<RegistryToken>
}

export interface TokenSourceDeps extends RegistryApi {
  /** The identity for a registry's chain of roles; the same provider for the same chain. */
  readonly identity: (chain: readonly AssumeRoleStep[]) => CredentialProvider
  /** Values' `identity`, for the fingerprint only. */
  readonly identityConfig: unknown
  readonly readText: ReadText
  /** Static registries: `<secretsDir>/registries/<name>/{username,password}`. */
  readonly secretsDir: string
}

/** The source of one registry's tokens, by its edition. */
export function createTokenSource(registry: RegistryConfig, deps: TokenSourceDeps): TokenSource {
  const key = registryFingerprint(registry, deps.identityConfig)
  if (registry.edition === 'static') {
    return { key, sharedSession: false, get: singleFlight(createStaticFetch(registry, deps)) }
  }
  const credentials = deps.identity(registry.assumeRole)
  const createFetch = registry.edition === 'enterprise' ? createEnterpriseFetch : createPersonalFetch
  const get = singleFlight(createFetch(registry, credentials, deps))
  return { key, sharedSession: credentials.sharedSession, get }
}
