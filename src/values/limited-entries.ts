import { stableJson } from '../lib/json.ts'
import type { ResolvedRegistry } from './generated/resolved-values.ts'

/** What decides which credential an entry of `registries` asks for, apart from a limit. */
interface FamilyKeys {
  readonly edition?: string | undefined
  readonly instanceId?: string | undefined
  readonly instanceName?: string | undefined
  readonly region?: string | undefined
  readonly assumeRole: readonly {
    readonly roleArn?: string | undefined
    readonly externalId?: string | undefined
    readonly durationSeconds?: unknown
  }[]
}

/**
 * Returns the same text for entries of one instance and one chain of roles: the entries whose
 * limits are united. src/values/checks/registry-entry.ts reads the keys from values that may be
 * incomplete, and chart/templates/_limits.tpl has the same rule.
 */
export function familyOf({ edition, instanceId, instanceName, region, assumeRole }: FamilyKeys): string {
  return stableJson({ edition, instanceId, instanceName, region, assumeRole })
}

export function isLimited({ limit }: Pick<ResolvedRegistry, 'limit'>): boolean {
  return limit === 'repositories'
}
