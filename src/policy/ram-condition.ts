import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { matchesPattern } from './ram-pattern.ts'

/**
 * The condition keys of a request, in lower case (`acs:sourceip`, `oidc:sub`), and their values.
 */
export type ConditionContext = ReadonlyMap<string, readonly string[]>

export interface Condition {
  readonly quantifier: 'ForAnyValue' | 'ForAllValues' | undefined
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

type Compare = (actual: string, expected: string) => boolean

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
}

const comparing = (prefix: string, read: (text: string) => number): (readonly [string, Compare])[] =>
  Object.entries(COMPARISONS).map(([name, compare]) => {
    return [`${prefix}${name}`, (actual, expected) => compare(read(actual), read(expected))]
  })

/** Positive operators. A `Not…` operator is true if none of the values matches. */
const OPERATORS: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['StringEquals', (a, b) => a === b],
  ['StringEqualsIgnoreCase', (a, b) => a.toLowerCase() === b.toLowerCase()],
  ['StringLike', (a, b) => matchesPattern(b, a)],
  ...comparing('Numeric', Number),
  ...comparing('Date', Date.parse),
  ['Bool', (a, b) => a.toLowerCase() === b.toLowerCase()],
  ['IpAddress', inRange],
])

const NEGATIONS: ReadonlyMap<string, string> = new Map([
  ['StringNotEquals', 'StringEquals'],
  ['StringNotEqualsIgnoreCase', 'StringEqualsIgnoreCase'],
  ['StringNotLike', 'StringLike'],
  ['NumericNotEquals', 'NumericEquals'],
  ['DateNotEquals', 'DateEquals'],
  ['NotIpAddress', 'IpAddress'],
])

export function isConditionOperator(name: string): boolean {
  return OPERATORS.has(name) || NEGATIONS.has(name)
}

/**
 * All conditions of a statement must hold. A key that is absent from the request fails, except for
 * `Not…` operators.
 */
export function conditionsHold(conditions: readonly Condition[], context: ConditionContext): boolean {
  return conditions.every((condition) => holds(condition, context.get(condition.key.toLowerCase()) ?? []))
}

function holds(condition: Condition, actual: readonly string[]): boolean {
  const negated = NEGATIONS.get(condition.operator)
  const compare = OPERATORS.get(negated ?? condition.operator)
  if (compare === undefined) return false
  const one = (value: string): boolean =>
    condition.values.some((expected) => compare(value, expected)) === (negated === undefined)
  if (condition.quantifier === 'ForAllValues') return actual.every(one)
  if (actual.length === 0) return negated !== undefined
  return condition.quantifier === undefined && negated !== undefined ? actual.every(one) : actual.some(one)
}

function inRange(address: string, range: string): boolean {
  const [network = '', bits, ...more] = range.split('/')
  const family = isIPv4(network) ? 'ipv4' : isIPv6(network) ? 'ipv6' : undefined
  if (family === undefined || !(family === 'ipv4' ? isIPv4(address) : isIPv6(address))) return false
  // BlockList throws for an invalid prefix length.
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 'ipv4' ? 32 : 128))) return false
  if (more.length > 0) return false
  const list = new BlockList()
  if (bits === undefined) list.addAddress(network, family)
  else list.addSubnet(network, Number(bits), family)
  return list.check(address, family)
}
