import { stableJson } from '../lib/json.ts'
import type { ResolvedRegistry } from './generated/resolved-values.ts'
import { mergeRepositories } from './repositories.ts'

/** Returns the same text for entries of one instance and one chain of roles, which are united. */
export function familyOf({ edition, instanceId, instanceName, region, assumeRole }: ResolvedRegistry): string {
  return stableJson({ edition, instanceId, instanceName, region, assumeRole })
}

export function isLimited({ limit }: Pick<ResolvedRegistry, 'limit'>): boolean {
  return limit === 'repositories'
}

/**
 * Returns the lists to which the credentials of a namespace are limited, by family. `entries` are
 * the entries that target the namespace.
 */
export function limitedLists(entries: readonly ResolvedRegistry[]): ReadonlyMap<string, readonly string[]> {
  const families = Map.groupBy(entries.filter(isLimited), familyOf)
  return new Map(
    [...families].map(([family, members]) => [
      family,
      mergeRepositories(members.flatMap(({ repositories }) => repositories)),
    ]),
  )
}
