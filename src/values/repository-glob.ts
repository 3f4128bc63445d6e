import schema from '../../chart/values.schema.json' with { type: 'json' }

const { pattern, maxLength } = schema.definitions.RepositoryGlob
const GLOB = new RegExp(pattern)

/** True for a text that `registries[].repositories` may hold, such as `shop/*`. */
export function isRepositoryGlob(text: string): boolean {
  return text.length <= maxLength && GLOB.test(text)
}
