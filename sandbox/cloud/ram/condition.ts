import { BlockList, isIPv4 } from 'node:net'
import { type Call, isoDate } from '../operation.ts'
import type { Principal } from '../state.ts'
import { principalArn } from './arn.ts'
import { agreed, every, matchesWildcard, not, some, type Truth, truth } from './wildcard.ts'

/**
 * Values by condition key, in the vendor's spelling: `acs:SourceIp`, `oidc:sub`, `sts:ExternalId`.
 */
export type RequestContext = ReadonlyMap<string, readonly string[]>

export interface Condition {
  readonly operator: Operator
  readonly key: string
  readonly values: readonly string[]
}

type Comparison = (given: string, expected: string) => Truth

/**
 * "A condition block is met only if all of its conditions are met" ("Policy elements", Evaluation
 * logic).
 */
export function conditionsMet(conditions: readonly Condition[], context: RequestContext): Truth {
  return every(conditions.map((condition) => conditionMet(condition, context)))
}

/** The vendor's pages do not specify whether condition keys are case-sensitive (`acs:sourceip`). */
function conditionMet(condition: Condition, context: RequestContext): Truth {
  const exact = valuesMet(condition, context.get(condition.key) ?? [])
  const sameKey = [...context].filter(([key]) => key.toLowerCase() === condition.key.toLowerCase())
  if (context.has(condition.key) || sameKey.length === 0) return exact
  const ignoringCase = valuesMet(
    condition,
    sameKey.flatMap(([, values]) => values),
  )
  return agreed(exact, ignoringCase)
}

/**
 * "You can specify one or more values for a condition key. If the value in a request matches any of
 * the values, the condition is met." This specifies one value in the request. The pages do not
 * specify three cases.
 * - Several values in the request: decided only if all of them lead to the same result.
 * - A `Not…` operator with several values: decided only if "none of them" and "not all of them"
 * agree.
 * - A `Not…` operator on a key that is not in the request.
 */
function valuesMet({ operator, values }: Condition, given: readonly string[]): Truth {
  const { compare, negated } = operator
  if (given.length === 0) return negated ? 'unspecified' : 'no'
  const perValue = given.map((value) => {
    const matches = values.map((expected) => compare(value, expected))
    if (!negated) return some(matches)
    return agreed(not(some(matches)), not(every(matches)))
  })
  return agreed(some(perValue), every(perValue))
}

export interface Operator {
  readonly compare: Comparison
  readonly negated: boolean
}

/** Returns the operator of this name; undefined if RAM has none. */
export function findOperator(name: string): Operator | undefined {
  const positive = name.replace(/^(String|Numeric|Date)Not(Equals|Like)/, '$1$2').replace(/^NotIp/, 'Ip')
  const compare = COMPARISONS.get(positive)
  return compare && { compare, negated: positive !== name }
}

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map(
  Object.entries({
    StringEquals: (given: string, expected: string) => truth(given === expected),
    StringEqualsIgnoreCase: equalsIgnoringCase,
    // "case-sensitive, supports asterisks [*] and question marks [?] as wildcard characters"
    StringLike: (given: string, pattern: string) => truth(matchesWildcard(pattern, given)),
    ...orderedOperators('Numeric', readNumber),
    ...orderedOperators('Date', readDate),
    // "The valid values are true and false" ("Use RAM to limit the methods of access")
    Bool: (given: string, expected: string) => {
      const known = [given, expected].every((value) => value === 'true' || value === 'false')
      return known ? truth(given === expected) : 'unspecified'
    },
    IpAddress: matchesBlock,
  }),
)

/** The case of letters other than A to Z is not specified. */
function equalsIgnoringCase(given: string, expected: string): Truth {
  const [a, b] = [given, expected].map((text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase()))
  if (a === b) return 'yes'
  const ascii = /^[\x20-\x7e]*$/
  return ascii.test(given) && ascii.test(expected) ? 'no' : 'unspecified'
}

function orderedOperators(
  type: string,
  read: (text: string) => number | undefined,
): Readonly<Record<string, Comparison>> {
  const when = (holds: (order: number) => boolean) => (given: string, expected: string) => {
    const [a, b] = [read(given), read(expected)]
    return a === undefined || b === undefined ? 'unspecified' : truth(holds(a - b))
  }
  return {
    [`${type}Equals`]: when((order) => order === 0),
    [`${type}LessThan`]: when((order) => order < 0),
    [`${type}LessThanEquals`]: when((order) => order <= 0),
    [`${type}GreaterThan`]: when((order) => order > 0),
    [`${type}GreaterThanEquals`]: when((order) => order >= 0),
  }
}

function readNumber(text: string): number | undefined {
  return /^-?\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined
}

/** ISO 8601 as on the vendor's pages: `2012-11-11T23:59:59Z`, `2019-08-12T17:00:00+08:00`. */
function readDate(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const [local, time] = [Date.parse(`${text.slice(0, 19)}Z`), Date.parse(text)]
  // Date.parse silently turns 31 February into a day in March.
  const exists = !Number.isNaN(local) && new Date(local).toISOString().startsWith(text.slice(0, 19))
  return exists && !Number.isNaN(time) ? time : undefined
}

/** IPv4 addresses and CIDR blocks. IPv6 is not specified on the vendor's pages. */
function matchesBlock(given: string, expected: string): Truth {
  const [network = '', length = '32', ...more] = expected.split('/')
  const isBlock = isIPv4(network) && /^\d{1,2}$/.test(length) && Number(length) <= 32 && more.length === 0
  if (!isIPv4(given) || !isBlock) return 'unspecified'
  const block = new BlockList()
  block.addSubnet(network, Number(length))
  return truth(block.check(given))
}

/**
 * The common condition keys of a request. Source: RAM, "Policy elements", common condition keys.
 */
export function requestContext({ request, state }: Call, principal: Principal): RequestContext {
  return new Map([
    ['acs:SourceIp', [request.remoteAddress]],
    ['acs:SecureTransport', [String(request.secure)]],
    ['acs:CurrentTime', [isoDate(state.now())]],
    ['acs:MFAPresent', ['false']],
    ['acs:PrincipalARN', [principalArn(principal)]],
  ])
}
