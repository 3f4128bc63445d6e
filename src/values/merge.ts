import { isDefaulted, resolve, type Schema, schemaOfChild } from './schema/schema.ts'
import type { MapEntry, MapNode, YamlNode } from './yaml/yaml-node.ts'

/**
 * Merges two values files as Helm does for `-f`: maps are merged, everything else is replaced, and
 * null is kept for {@link coalesce} (loader.MergeMaps of Helm 4.3.1, mergeMaps of Helm 3.22.0).
 */
export function mergeFiles(base: MapNode, over: MapNode): MapNode {
  const entries = new Map(base.entries)
  for (const [key, entry] of over.entries) {
    const below = entries.get(key)?.value
    const value = below?.kind === 'map' && entry.value.kind === 'map' ? mergeFiles(below, entry.value) : entry.value
    entries.set(key, { keyAt: entry.keyAt, value })
  }
  // Values that the action adds keep the position in the user's file, because that is the file the
  // user can fix.
  return { ...(over.origin === 'computed' ? base : over), entries }
}

/**
 * Coalesces the user's values and the chart's defaults as Helm does (coalesceValues and
 * coalesceTablesFullKey of Helm 3.22.0 and 4.3.1). Null deletes a default, and maps are merged. A
 * user's value is kept even if its type differs from the default's. The defaults must not contain
 * null, because Helm's versions treat it differently.
 */
export function coalesce(user: MapNode, defaults: MapNode): MapNode {
  const entries = new Map<string, MapEntry>()
  for (const [key, entry] of user.entries) {
    const fallback = defaults.entries.get(key)?.value
    if (fallback !== undefined && isNull(entry.value)) continue
    const value = fallback?.kind === 'map' && entry.value.kind === 'map' ? coalesce(entry.value, fallback) : entry.value
    entries.set(key, { keyAt: entry.keyAt, value })
  }
  for (const [key, entry] of defaults.entries) if (!user.entries.has(key)) entries.set(key, entry)
  return { ...user, entries }
}

const isNull = (node: YamlNode): boolean => node.kind === 'scalar' && node.value === null

/**
 * Sets every missing key that has a default in the schema, also after a null. Fills list items too,
 * for which Helm merges no defaults. The value must be valid.
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
