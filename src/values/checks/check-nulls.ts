import lists from '../../../schemas/chart-lists.json' with { type: 'json' }
import type { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'

/** Finds each null that removes a default that the chart needs. */
export function checkNulls(values: Cursor, given: Cursor): ValuesError[] {
  const nulled = lists.neededKeys.flatMap((dotted) => {
    const path = dotted.split('.')
    if (values.at(...path).node !== undefined) return []
    const places = path.map((_, index) => given.at(...path.slice(0, index + 1)))
    return places.find(({ value }) => value === null) ?? []
  })
  const byName = new Map(nulled.map((one) => [one.name, one]))
  return [...byName].map(([name, one]) => {
    return one.error('VALUES_NULL', `\`${name}\` is null, which removes its default`, { value: 'null' })
  })
}
