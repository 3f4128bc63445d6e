/**
 * `*` is any run of characters, also none, and `?` is one character ("Conditional operators", StringLike; "Policy structure
 * and syntax" says it of letters). Follows all the places of the pattern that the text read so far can have led to.
 */
export function fits(written: string, text: string): boolean {
  const pattern = [...written]
  let places = skipStars(pattern, new Set([0]))
  for (const character of text) {
    const next = new Set<number>()
    for (const place of places) {
      const sign = pattern[place]
      if (sign === '*') next.add(place)
      else if (sign === '?' || sign === character) next.add(place + 1)
    }
    places = skipStars(pattern, next)
    if (places.size === 0) return false
  }
  return places.has(pattern.length)
}

/** A `*` may also stand for nothing. */
function skipStars(pattern: readonly string[], places: Set<number>): Set<number> {
  for (const place of places) if (pattern[place] === '*') places.add(place + 1)
  return places
}

const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** "Values in Action and NotAction are generally not case-sensitive" ("Basic elements of a permission policy"). */
export function fitsAction(pattern: string, action: string): boolean {
  return fits(lower(pattern), lower(action))
}

/**
 * Resource patterns. The pages give the format `acs:<service>:<region>:<account>:<relative-id>` and `*` for "all regions" and
 * "no account ID", and leave open: whether a `*` reaches over a colon, whether case counts, and what an empty region or
 * account means. One of these is said: RAM has no regions, and its ARNs are written both `acs:ram::…` (RAM console,
 * AssumeRole) and `acs:ram:*:…` (policies) for the same role ("FAQ about RAM roles and STS tokens").
 */
export function fitsResource(pattern: string, resource: string): Truth {
  if (pattern === '*') return 'yes'
  const [wanted, given] = [ramWithoutRegion(pattern), ramWithoutRegion(resource)]
  const [narrow, wide] = [fitsFields(wanted, given), fits(wanted, given)]
  if (narrow || wide) return agree(narrow, wide)
  return agree(fits(lower(emptyAsAny(wanted)), lower(given)), false)
}

function ramWithoutRegion(arn: string): string {
  return arn.replace(/^acs:ram::/, 'acs:ram:*:')
}

/** An empty region or account read as "any". */
function emptyAsAny(arn: string): string {
  return arn.replace(/^([^:]*:[^:]*):(?=:)/, '$1:*').replace(/^([^:]*:[^:]*:[^:]*):(?=:)/, '$1:*')
}

function fitsFields(pattern: string, resource: string): boolean {
  const [wanted, given] = [fields(pattern), fields(resource)]
  return wanted.every((field, index) => fits(field, given[index] ?? ''))
}

function fields(arn: string): readonly string[] {
  const [scheme = '', service = '', region = '', account = '', ...relative] = arn.split(':')
  return [scheme, service, region, account, relative.join(':')]
}

/**
 * Whether something is so by the vendor's pages. `unsaid`: they do not say, or contradict each other; then the emulator
 * takes the strict reading, which is that an Allow does not apply and a Deny does.
 */
export type Truth = 'yes' | 'no' | 'unsaid'

export const truth = (value: boolean): Truth => (value ? 'yes' : 'no')

export function not(value: Truth): Truth {
  if (value === 'unsaid') return value
  return value === 'yes' ? 'no' : 'yes'
}

export function every(values: readonly Truth[]): Truth {
  if (values.includes('no')) return 'no'
  return values.includes('unsaid') ? 'unsaid' : 'yes'
}

export function some(values: readonly Truth[]): Truth {
  return not(every(values.map(not)))
}

/** `yes` or `no` where both readings agree. */
function agree(one: boolean, other: boolean): Truth {
  return one === other ? truth(one) : 'unsaid'
}
