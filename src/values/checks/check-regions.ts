import type { Cursor } from '../cursor.ts'
import { nearest } from '../schema/nearest.ts'
import type { ValuesError } from '../values-error.ts'
import { REGIONS } from './regions.ts'

/**
 * Finds regions that do not exist. With `endpoints` no region is checked, because another cloud has
 * other regions.
 */
export function checkRegions(values: Cursor): ValuesError[] {
  if (values.at('endpoints', 'cr').text !== undefined) return []
  const ofRegistries = values.at('registries').items.map((registry) => registry.at('region'))
  return [values.at('region'), ...ofRegistries].flatMap((region) => regionErrors(region, '`endpoints.cr`'))
}

/**
 * Returns an error if a region does not exist. `otherwise`: the key or input to set for a cloud
 * with other regions.
 */
export function regionErrors(place: Cursor, otherwise: string): ValuesError[] {
  const { text: value } = place
  // The schema refuses a text that does not have the form of a region.
  if (value === undefined || !/^[a-z]+(-[a-z0-9]+)+$/.test(value) || REGIONS.includes(value)) return []
  const meant = nearest(value, REGIONS)
  const message = `\`${place.name}\` is "${value}": Alibaba Cloud has no such region`
  const expected = `a region, such as ${meant ?? 'cn-hangzhou'}`
  return [place.error('VALUES_REGION', message, { value, expected, hint: regionHint(value, otherwise) })]
}

/**
 * Returns the fix for a region that does not exist. It accepts the city, because people often know
 * only the city.
 */
export function regionHint(value: string, otherwise: string): string {
  const meant = REGIONS.find((one) => one.split('-')[1] === value.toLowerCase()) ?? nearest(value, REGIONS)
  const fix = meant === undefined ? 'Write the id of a region, such as cn-hangzhou.' : `Did you mean ${meant}?`
  return `${fix} For a cloud with its own regions, set ${otherwise}.`
}
