import { stableJson } from '../lib/json.ts'
import { sha256 } from '../lib/text.ts'
import type { ResolvedRegistry } from '../values/generated/resolved-values.ts'

/** The part of an entry in values' `registries` that the token sources need. */
export type RegistryConfig = Readonly<Omit<ResolvedRegistry, 'repositories' | 'existingSecret' | 'targets'>>

/**
 * Hashes everything that determines which token a registry issues. If a registry's fingerprint is
 * not in the status, a token call must verify the registry (docs/en/decisions.md#readiness). The
 * registry's name, networks and domains are left out, because they do not change the token.
 * @param repositories The list that the token is limited to.
 */
export function registryFingerprint(
  registry: RegistryConfig,
  identity: unknown,
  repositories?: readonly string[],
): string {
  const { edition, instanceId, instanceName, region, assumeRole } = registry
  // A static login has no identity. Its Secret identifies it, and the entry's name identifies the
  // Secret.
  const parts =
    edition === 'static'
      ? { edition, name: registry.name }
      : { edition, instanceId, instanceName, region, assumeRole, identity, ...(repositories && { repositories }) }
  return sha256(stableJson(parts))
}

/**
 * Hashes the settings of a registry's entry in a Secret that are not in the fingerprint. If this
 * hash changes, the entry is replaced immediately.
 */
export function registryShape({
  network,
  domains,
  expiresInHours,
}: Pick<RegistryConfig, 'network' | 'domains' | 'expiresInHours'>): string {
  return sha256(stableJson({ network, domains, expiresInHours })).slice(0, 16)
}
