/**
 * Encodes JSON like Go's encoding/json, with which Helm prints values (`toJson`, `helm get values
 * -o json`): without spaces, with keys in byte order and HTML's special characters as `\u…`.
 * Numbers need no special treatment: Go formats a float64 as ECMAScript does.
 */
export function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return escaped(JSON.stringify(value))
  const entries = Object.entries(value).toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${entries.map(([key, inner]) => `${escaped(JSON.stringify(key))}:${goJson(inner)}`).join(',')}}`
}

function escaped(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
