import { isDefaulted, resolve, type Schema, schemaOfChild } from './schema/schema.ts'

/**
 * The value with every missing key set that has a default in the schema, in list items too: Helm merges no defaults
 * into lists, and null in values takes a default away. The value has passed the schema before.
 */
export function fillDefaults(value: unknown, root: Schema, schema: Schema = root): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => fillDefaults(item, root, schemaOfChild(schema, index, root) ?? {}))
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => {
    return [key, fillDefaults(inner, root, schemaOfChild(schema, key, root) ?? {})] as const
  })
  const missing = Object.entries(resolve(schema, root).properties ?? {})
    .filter(([key, property]) => !Object.hasOwn(value, key) && isDefaulted(property, root))
    .map(([key, property]) => {
      const fallback = resolve(property, root).default
      return [key, fallback === undefined ? fillDefaults({}, root, property) : structuredClone(fallback)] as const
    })
  return Object.fromEntries([...entries, ...missing])
}
