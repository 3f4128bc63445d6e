import { createHash } from 'node:crypto'
import type { ResolvedRegistry } from '../values/resolved-values.generated.ts'

/** What the token sources need of an entry of values' `registries`. */
export type RegistryConfig = Readonly<
  Pick<
    ResolvedRegistry,
    | 'name'
    | 'edition'
    | 'instanceId'
    | 'instanceName'
    | 'region'
    | 'network'
    | 'apiNetwork'
    | 'domains'
    | 'expiresInHours'
    | 'assumeRole'
  >
>

/**
 * Hash of all that decides which token a registry gives: a registry whose fingerprint is not in the status must be
 * proven by one token call (docs/en/decisions.md#readiness). Its name, networks and domains do not count: they change no token.
 */
export function registryFingerprint(registry: RegistryConfig, identity: unknown): string {
  const { edition, instanceId, instanceName, region, assumeRole } = registry
  // A static login belongs to its Secret, which belongs to the entry's name; no identity is behind it.
  const parts =
    edition === 'static'
      ? { edition, name: registry.name }
      : { edition, instanceId, instanceName, region, assumeRole, identity }
  return createHash('sha256').update(stableJson(parts)).digest('hex')
}

/** Hash of what else decides about a registry's entry in a Secret: one of another shape is replaced before its time. */
export function registryShape({
  network,
  domains,
  expiresInHours,
}: Pick<RegistryConfig, 'network' | 'domains' | 'expiresInHours'>): string {
  return createHash('sha256').update(stableJson({ network, domains, expiresInHours })).digest('hex').slice(0, 16)
}

/** JSON with sorted keys and without undefined members: equal for equal meanings. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  )
}
