import type { Cursor } from '../cursor.ts'
import { nearest } from '../schema/nearest.ts'
import type { ValuesError } from '../values-error.ts'
import { REGIONS } from './regions.ts'

/**
 * Regions that do not exist. Not checked with `endpoints`, because another cloud has other regions.
 */
export function checkRegions(values: Cursor): ValuesError[] {
  if (values.at('endpoints', 'cr').text !== undefined) return []
  const ofRegistries = values.at('registries').items.map((registry) => registry.at('region'))
  return [values.at('region'), ...ofRegistries].flatMap((region) => regionErrors(region, '`endpoints.cr`'))
}

/** An error when a region does not exist. */
export function regionErrors(place: Cursor, otherwise: string): ValuesError[] {
  const { text: value } = place
  // What has not even the form of a region is the schema's to refuse.
  if (value === undefined || !/^[a-z]+(-[a-z0-9]+)+$/.test(value) || REGIONS.includes(value)) return []
  const meant = nearest(value, REGIONS)
  const message = `\`${place.name}\` is "${value}": Alibaba Cloud has no such region`
  const expected = `a region, such as ${meant ?? 'cn-hangzhou'}`
  return [place.error('VALUES_REGION', message, { value, expected, hint: regionHint(value, otherwise) })]
}

/** The fix for a region that does not exist. Of a region, people know the city. */
export function regionHint(value: string, otherwise: string): string {
  const meant = REGIONS.find((one) => one.split('-')[1] === value.toLowerCase()) ?? nearest(value, REGIONS)
  const fix = meant === undefined ? 'Write the id of a region, such as cn-hangzhou.' : `Did you mean ${meant}?`
  return `${fix} For a cloud with regions of its own set ${otherwise}.`
}
