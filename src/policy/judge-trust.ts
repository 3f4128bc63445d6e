import { addStatements, type PolicyDocument, policyOf } from './normal-form.ts'
import { type Condition, conditionsHold } from './ram-condition.ts'
import { type Principals, parseStatements, type RamStatement, trustAllows } from './ram-statement.ts'

type Kind = keyof Principals

/** A caller that a trust policy has to allow. */
interface Caller {
  readonly kind: Kind
  readonly name: string
  /** Condition keys in lower case. */
  readonly context: ReadonlyMap<string, readonly string[]>
}

/**
 * Compares a role's trust policy (RAM's JSON) with the callers that `desired` names: does it allow
 * all of them, and nobody else?
 * @throws DocumentError
 */
export function judgeTrust(actual: string, desired: PolicyDocument) {
  const trust = parseStatements(actual, 'trust')
  const callers = parseStatements(JSON.stringify(desired), 'trust').flatMap(callersOf)
  const refused = callers.filter((caller) => !isTrusted(trust, caller))
  return {
    /** Reasons why the expected callers may not assume the role, one line each. Empty: they may. */
    differs: [...new Set(refused.flatMap((caller) => differences(trust, caller)))],
    /** Unexpected callers who may also assume the role. */
    wide: [...new Set(callers.flatMap((caller) => findStrangers(trust, caller)))],
  }
}

function callersOf({ principals, conditions }: RamStatement): readonly Caller[] {
  const kinds = Object.entries(principals ?? {}) as [Kind, readonly string[]][]
  return kinds.flatMap(([kind, names]) =>
    names.flatMap((name) => contextsOf(conditions).map((context) => ({ kind, name, context }))),
  )
}

/** Returns every combination of values that fulfils the conditions. */
function contextsOf(conditions: readonly Condition[]): readonly Caller['context'][] {
  return conditions.reduce<readonly Caller['context'][]>(
    (contexts, { key, values }) =>
      contexts.flatMap((context) => values.map((value) => new Map([...context, [key.toLowerCase(), [value]]]))),
    [new Map()],
  )
}

function isTrusted(trust: readonly RamStatement[], { kind, name, context }: Caller): boolean {
  return trustAllows(trust, context, (principals) => includesPrincipal(principals, kind, name))
}

/** An account's root includes everyone in that account. */
function includesPrincipal(principals: Principals, kind: Kind, name: string): boolean {
  const own = [name, ...(kind === 'ram' ? [name.replace(/^(acs:ram::\d+:).*$/, '$1root')] : [])]
  return principals[kind].some((one) => own.some((each) => each.toLowerCase() === one.toLowerCase()))
}

function differences(trust: readonly RamStatement[], { kind, name, context }: Caller): readonly string[] {
  const allowing = trust.filter(({ effect }) => effect === 'Allow')
  const naming = allowing.filter(
    ({ principals }) => principals !== undefined && includesPrincipal(principals, kind, name),
  )
  const [closest] = naming
    .map((statement) => findMismatches(statement, context))
    .toSorted((a, b) => a.length - b.length)
  if (closest === undefined) {
    const there = allowing.flatMap(({ principals }) => principals?.[kind] ?? [])
    return [`it does not name ${name}${there.length === 0 ? '' : ` (it names ${list(there)})`}`]
  }
  return closest.length === 0 ? ['a Deny in it excludes a caller that it should allow'] : closest
}

/** Returns the conditions of a statement that this caller does not fulfil. */
function findMismatches({ conditions }: RamStatement, context: Caller['context']): readonly string[] {
  return conditions
    .filter((condition) => !conditionsHold([condition], context))
    .map(({ key, values, operator }) => {
      const [own] = context.get(key.toLowerCase()) ?? []
      const wants = `${key} ${operator === 'StringEquals' ? '' : `(${operator}) `}has to be ${list(values)} there`
      return `${wants}, and is ${own ?? 'not sent'}`
    })
}

/**
 * Returns unexpected callers that are allowed: other ServiceAccounts, other audiences, or callers
 * without the external ID.
 */
function findStrangers(trust: readonly RamStatement[], caller: Caller): readonly string[] {
  const { context } = caller
  const [, , namespace, name] = context.get('oidc:sub')?.[0]?.split(':') ?? []
  const account = (subject: string): readonly string[] => [`system:serviceaccount:${subject}`]
  const changes: readonly (readonly [key: string, values: readonly string[], who: string])[] = [
    ['oidc:sub', account(`${namespace}:other-than-${name}`), `other ServiceAccounts of namespace ${namespace}`],
    ['oidc:sub', account(`other-than-${namespace}:${name}`), 'ServiceAccounts of other namespaces'],
    // RAM's page on OIDC providers requires `oidc:aud`. Without this condition, a token for any
    // client of the provider is accepted.
    ['oidc:aud', ['other-than-sts.aliyuncs.com'], 'tokens for other audiences'],
    ['sts:externalid', [], 'callers without the external id'],
  ]
  return changes
    .filter(([key, values]) => {
      return context.has(key) && isTrusted(trust, { ...caller, context: new Map([...context, [key, values]]) })
    })
    .map(([, , who]) => who)
}

const list = (values: readonly string[]): string => [...new Set(values)].join(' or ')

/** Removes the statements that allow unexpected callers, and adds all desired statements. */
export function narrowTrust(actual: PolicyDocument, desired: PolicyDocument): PolicyDocument {
  const kept = actual.Statement.filter((statement) => {
    return judgeTrust(JSON.stringify(policyOf([statement])), desired).wide.length === 0
  })
  return addStatements({ ...actual, Statement: kept }, desired)
}
