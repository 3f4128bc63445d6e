/**
 * Merges plain values as Helm does. Independent of our own code: written from Helm's sources
 * (3.22.0 and 4.3.1).
 */

type Tree = Record<string, unknown>

const isTable = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Merges the files of `-f` in order, as loader.MergeMaps does. */
export function mergeMaps(a: Tree, b: Tree): Tree {
  const out: Tree = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const before = out[key]
    out[key] = isTable(value) && isTable(before) ? mergeMaps(before, value) : value
  }
  return out
}

/** Merges the user's values over the chart's, as coalesceValues does without subcharts. */
export function coalesceValues(user: Tree, chart: Tree): Tree {
  const values = structuredClone(user)
  for (const [key, fallback] of Object.entries(structuredClone(chart))) {
    if (!Object.hasOwn(values, key)) values[key] = fallback
    else if (values[key] === null) delete values[key]
    else if (isTable(values[key]) && isTable(fallback)) coalesceTables(values[key], fallback)
  }
  return values
}

// As coalesceTablesFullKey does with merge = false.
function coalesceTables(dst: Tree, src: Tree): void {
  const nonNull = new Set(Object.keys(src).filter((key) => src[key] !== null))
  for (const [key, value] of Object.entries(dst)) if (value === null) src[key] = null
  for (const [key, value] of Object.entries(src)) {
    if (!Object.hasOwn(dst, key)) dst[key] = value
    else if (dst[key] === null && nonNull.has(key)) delete dst[key]
    else if (isTable(value) && isTable(dst[key])) coalesceTables(dst[key], value)
  }
}
