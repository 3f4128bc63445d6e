/** Longer values are not cached, to bound the memory by `limit`. */
const LONGEST = 2_000

/** Returns the same object for values that are equal as JSON, so that many copies cost the memory of one. Caches the newest `limit`. */
export function createShare(limit: number): <T>(value: T) => T {
  const known = new Map<string, unknown>()
  return <T>(value: T): T => {
    if (value === undefined) return value
    const key = JSON.stringify(value)
    if (key.length > LONGEST) return value
    const found = known.get(key)
    if (found !== undefined) return found as T
    const [oldest] = known.size < limit ? [] : known.keys()
    if (oldest !== undefined) known.delete(oldest)
    known.set(key, value)
    return value
  }
}
