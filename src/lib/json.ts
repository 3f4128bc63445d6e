import { orElse } from './or-else.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the objects in a list; empty for any other value. */
export function recordsOf<Item extends object>(value: readonly Item[] | undefined): readonly Item[]
export function recordsOf(value: unknown): readonly JsonObject[]
export function recordsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/**
 * Parses a text that is one JSON object. Returns undefined for any other text, because gateways and
 * proxies respond with HTML or with nothing.
 */
export function parseObject(text: string): JsonObject | undefined {
  const value: unknown = orElse(() => JSON.parse(text), undefined)
  return isRecord(value) ? value : undefined
}

/** @throws `problem()`, which must not quote the text, because the text may hold secrets */
export function parseJson(text: string, problem: () => Error): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw problem()
  }
}

// `String` and `Number` call methods of an object, so an object from a broken peer could make them
// throw.

/** The value if it is a string, else ''. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The value if it is a number or a numeric string, else NaN. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN
}

/**
 * JSON with sorted keys and without undefined members, so values of equal meaning give equal texts.
 */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isRecord(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  )
}

/** Longer values are not cached. This bounds the memory of a cache by `limit`. */
const LONGEST = 2_000

/**
 * Returns the same object for values that are equal as JSON, so many copies cost the memory of one.
 * Caches the newest `limit` values of at most `longest` characters.
 */
export function createShare(limit: number, longest: number = LONGEST): <T>(value: T) => T {
  const known = new Map<string, unknown>()
  return <T>(value: T): T => {
    if (value === undefined) return value
    const key = JSON.stringify(value)
    if (key.length > longest) return value
    const found = known.get(key)
    if (found !== undefined) return found as T
    const [oldest] = known.size < limit ? [] : known.keys()
    if (oldest !== undefined) known.delete(oldest)
    known.set(key, value)
    return value
  }
}
