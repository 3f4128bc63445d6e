import { stableJson } from '../lib/json.ts'
import type { ResolvedRegistry } from './generated/resolved-values.ts'

/** Returns the same text for entries of one instance and one chain of roles, which are united. */
export function familyOf({ edition, instanceId, instanceName, region, assumeRole }: ResolvedRegistry): string {
  return stableJson({ edition, instanceId, instanceName, region, assumeRole })
}

export function isLimited({ limit }: Pick<ResolvedRegistry, 'limit'>): boolean {
  return limit === 'repositories'
}
