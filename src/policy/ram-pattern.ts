import { wildcardsMeet } from '../lib/wildcards.ts'

/**
 * RAM's wildcards: `*` matches any characters, `?` any single character. Only a wildcard matches a
 * `*` in `name`.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const characters = [...name]
  // The lengths of the name that the pattern up to this point can match.
  let lengths = new Set([0])
  for (const one of pattern) {
    const next = new Set<number>()
    if (one === '*') for (let length = Math.min(...lengths); length <= characters.length; length++) next.add(length)
    else
      for (const length of lengths) {
        if (one === '?' || characters[length] === one) next.add(length + 1)
      }
    lengths = next
  }
  return lengths.has(characters.length)
}

/** Actions are case-insensitive: `cr:*`, `cr:List*`, `*`. */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesPattern(pattern.toLowerCase(), action.toLowerCase())
}

/**
 * Matches `acs:<service>:<region>:<account>:<relative>` field by field. An empty region or account
 * in a pattern matches any value, because RAM's own documents use `acs:ram::…` and `acs:ram:*:…`
 * alike. RAM's own names are case-insensitive.
 */
export function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === '*') return true
  const expected = splitArn(pattern)
  const actual = splitArn(resource)
  if (expected === undefined || actual === undefined) return false
  const ignoreCase = actual[1] === 'ram'
  return expected.every((field, index) => {
    if (field === '' && (index === 2 || index === 3)) return true
    const value = actual[index] ?? ''
    return ignoreCase ? matchesPattern(field.toLowerCase(), value.toLowerCase()) : matchesPattern(field, value)
  })
}

/**
 * True if some resource matches both patterns. One pattern then allows at least a part of the
 * other.
 */
export function resourcesMeet(a: string, b: string): boolean {
  if (a === '*' || b === '*') return true
  const [one, other] = [splitArn(a), splitArn(b)]
  if (one === undefined || other === undefined) return false
  return one.every((field, index) => field === '' || other[index] === '' || wildcardsMeet(field, other[index] ?? ''))
}

function splitArn(arn: string): readonly string[] | undefined {
  const fields = arn.split(':')
  if (fields.length < 5 || fields[0] !== 'acs') return undefined
  return [...fields.slice(0, 4), fields.slice(4).join(':')]
}
