import { NopassError } from '../../errors.ts'
import { type JsonObject, recordsOf } from '../../lib/json.ts'

/**
 * The objects of a list in a response, for a list whose absence would be taken for the absence of
 * what it names.
 * @throws CLOUD_UNAVAILABLE
 */
export function wholeList<Item extends object>(value: readonly Item[] | undefined, what: string): readonly Item[]
export function wholeList(value: unknown, what: string): readonly JsonObject[]
export function wholeList(value: unknown, what: string): readonly JsonObject[] {
  if (Array.isArray(value)) return recordsOf(value)
  throw new NopassError('CLOUD_UNAVAILABLE', `${what}: the response has no list`)
}
