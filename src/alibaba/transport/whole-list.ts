import { NopassError } from '../../errors.ts'
import { type JsonObject, recordsOf } from '../../lib/json.ts'

/**
 * Returns the objects of a list in a response. Throws if the list is missing, because a missing
 * list must not be read as an empty one.
 * @throws CLOUD_UNAVAILABLE
 */
export function wholeList<Item extends object>(value: readonly Item[] | undefined, what: string): readonly Item[]
export function wholeList(value: unknown, what: string): readonly JsonObject[]
export function wholeList(value: unknown, what: string): readonly JsonObject[] {
  if (Array.isArray(value)) return recordsOf(value)
  throw new NopassError('CLOUD_UNAVAILABLE', `${what}: the response has no list`)
}
