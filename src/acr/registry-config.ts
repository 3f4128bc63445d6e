import { stableJson } from '../lib/json.ts'
import { sha256 } from '../lib/text.ts'
import type { ResolvedRegistry } from '../values/resolved-values.generated.ts'

/** What the token sources need of an entry of values' `registries`. */
export type RegistryConfig = Readonly<Omit<ResolvedRegistry, 'repositories' | 'existingSecret' | 'targets'>>

/**
 * Hash of everything that determines which token a registry issues: a registry whose fingerprint is
 * not in the status must be verified by a token call (docs/en/decisions.md#readiness). Its name,
 * networks and domains change no token.
 */
export function registryFingerprint(registry: RegistryConfig, identity: unknown): string {
  const { edition, instanceId, instanceName, region, assumeRole } = registry
  // A static login has no identity: it is identified by its Secret, and that by the entry's name.
  const parts =
    edition === 'static'
      ? { edition, name: registry.name }
      : { edition, instanceId, instanceName, region, assumeRole, identity }
  return sha256(stableJson(parts))
}

/**
 * Hash of what else determines a registry's entry in a Secret: an entry of another shape is
 * replaced immediately.
 */
export function registryShape({
  network,
  domains,
  expiresInHours,
}: Pick<RegistryConfig, 'network' | 'domains' | 'expiresInHours'>): string {
  return sha256(stableJson({ network, domains, expiresInHours })).slice(0, 16)
}
