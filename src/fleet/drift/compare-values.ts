import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../../lib/json.ts'
import { formatPath } from './compare-object.ts'

/**
 * Returns the keys at which the values of a release differ from those of the list, as paths. The
 * values themselves are not returned, because they may hold secrets.
 */
export function differingKeys(
  stored: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  path: readonly string[] = [],
): readonly string[] {
  const keys = [...new Set([...Object.keys(given), ...Object.keys(stored)])]
  return keys.flatMap((key) => {
    const [one, other] = [stored[key], given[key]]
    const below = [...path, key]
    if (isRecord(one) && isRecord(other)) return differingKeys(one, other, below)
    return isDeepStrictEqual(one, other) ? [] : [formatPath(below)]
  })
}
