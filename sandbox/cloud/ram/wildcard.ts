/**
 * Matches a pattern: `*` matches any number of characters and `?` exactly one ("Conditional
 * operators", StringLike; "Policy structure and syntax" specifies this for letters). The function
 * tracks all positions in the pattern that the text so far can have reached.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const signs = [...pattern]
  let positions = skipStars(signs, new Set([0]))
  for (const character of text) {
    const next = new Set<number>()
    for (const position of positions) {
      const sign = signs[position]
      if (sign === '*') next.add(position)
      else if (sign === '?' || sign === character) next.add(position + 1)
    }
    positions = skipStars(signs, next)
    if (positions.size === 0) return false
  }
  return positions.has(signs.length)
}

/** Adds the positions after each `*`, because it may match nothing. */
function skipStars(signs: readonly string[], positions: Set<number>): Set<number> {
  for (const position of positions) if (signs[position] === '*') positions.add(position + 1)
  return positions
}

const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/**
 * "Values in Action and NotAction are generally not case-sensitive" ("Basic elements of a
 * permission policy").
 */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesWildcard(lower(pattern), lower(action))
}

/**
 * Matches a resource pattern. The vendor's pages specify the format
 * `acs:<service>:<region>:<account>:<relative-id>` and `*` for "all regions" and "no account ID".
 * They do not specify whether a `*` matches a colon, whether case matters, and what an empty region
 * or account means. RAM is the exception: it has no regions, and the pages write the same role as
 * `acs:ram::…` (RAM console, AssumeRole) and as `acs:ram:*:…` (policies) ("FAQ about RAM roles and
 * STS tokens").
 */
export function matchesResource(pattern: string, resource: string): Truth {
  if (pattern === '*') return 'yes'
  const [expected, given] = [ramWithoutRegion(pattern), ramWithoutRegion(resource)]
  const [narrow, wide] = [matchesFields(expected, given), matchesWildcard(expected, given)]
  if (narrow || wide) return agreed(truth(narrow), truth(wide))
  return matchesWildcard(lower(emptyAsAny(expected)), lower(given)) ? 'unspecified' : 'no'
}

function ramWithoutRegion(arn: string): string {
  return arn.replace(/^acs:ram::/, 'acs:ram:*:')
}

/** Replaces an empty region or account by `*`. */
function emptyAsAny(arn: string): string {
  return arn.replace(/^([^:]*:[^:]*):(?=:)/, '$1:*').replace(/^([^:]*:[^:]*:[^:]*):(?=:)/, '$1:*')
}

function matchesFields(pattern: string, resource: string): boolean {
  const [expected, given] = [arnFields(pattern), arnFields(resource)]
  return expected.every((field, index) => matchesWildcard(field, given[index] ?? ''))
}

function arnFields(arn: string): readonly string[] {
  const [scheme = '', service = '', region = '', account = '', ...relative] = arn.split(':')
  return [scheme, service, region, account, relative.join(':')]
}

/**
 * Whether something is true according to the vendor's pages. `unspecified`: the pages do not
 * specify it, or contradict each other. Then the emulator uses the strict reading, in which an
 * Allow does not apply and a Deny applies.
 */
export type Truth = 'no' | 'unspecified' | 'yes'

const ORDER: readonly Truth[] = ['no', 'unspecified', 'yes']

export const truth = (value: boolean): Truth => (value ? 'yes' : 'no')
export const not = (value: Truth): Truth => ORDER[2 - ORDER.indexOf(value)] ?? value
export const every = (values: readonly Truth[]): Truth => ORDER.find((one) => values.includes(one)) ?? 'yes'
export const some = (values: readonly Truth[]): Truth => ORDER.findLast((one) => values.includes(one)) ?? 'no'

/** Returns the truth on which the two readings agree. */
export const agreed = (one: Truth, other: Truth): Truth => (one === other ? one : 'unspecified')
