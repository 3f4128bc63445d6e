import { parseJson } from '../lib/json.ts'
import { type Condition, type ConditionContext, conditionsHold, isConditionOperator } from './ram-condition.ts'
import { matchesAction, matchesResource } from './ram-pattern.ts'

export interface RamStatement {
  readonly effect: 'Allow' | 'Deny'
  readonly actions: readonly string[]
  /** True if the document has NotAction. */
  readonly notActions: boolean
  readonly resources: readonly string[]
  readonly notResources: boolean
  readonly principals: Principals | undefined
  readonly conditions: readonly Condition[]
}

/** The principals of a trust policy. */
export interface Principals {
  readonly ram: readonly string[]
  readonly service: readonly string[]
  readonly federated: readonly string[]
}

/** A malformed document. Callers turn it into a `NopassError`. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
}

/**
 * Parses a permission policy (`kind: 'policy'`) or a role's trust policy.
 * @throws DocumentError
 */
export function parseStatements(text: string, kind: 'policy' | 'trust'): readonly RamStatement[] {
  const document = object(
    parseJson(text, () => new DocumentError('not JSON')),
    'document',
  )
  onlyKeys(document, ['Version', 'Statement'], 'document')
  if (document.Version !== '1') throw new DocumentError('Version must be "1"')
  if (!Array.isArray(document.Statement)) throw new DocumentError('Statement must be an array')
  return document.Statement.map((item: unknown) => statement(object(item, 'Statement'), kind))
}

function statement(raw: Record<string, unknown>, kind: 'policy' | 'trust'): RamStatement {
  const keys = ['Effect', 'Action', 'NotAction', 'Condition']
  onlyKeys(raw, kind === 'policy' ? [...keys, 'Resource', 'NotResource'] : [...keys, 'Principal'], 'Statement')
  if (raw.Effect !== 'Allow' && raw.Effect !== 'Deny') throw new DocumentError('Effect must be Allow or Deny')
  const [actions, notActions] = either(raw, 'Action', 'NotAction')
  for (const action of actions) {
    if (action !== '*' && !/^[A-Za-z0-9*?-]+:[A-Za-z0-9*?_.:/-]+$/.test(action))
      throw new DocumentError('Action is malformed')
  }
  const [resources, notResources] = kind === 'policy' ? either(raw, 'Resource', 'NotResource') : [['*'], false]
  for (const resource of resources) {
    if (resource !== '*' && !/^acs(:[^:]*){3}:.+$/.test(resource)) throw new DocumentError('Resource is malformed')
  }
  return {
    effect: raw.Effect,
    actions,
    notActions,
    resources,
    notResources,
    principals: kind === 'trust' ? principals(object(raw.Principal, 'Principal')) : undefined,
    conditions: raw.Condition === undefined ? [] : conditions(object(raw.Condition, 'Condition')),
  }
}

function either(raw: Record<string, unknown>, yes: string, no: string): [readonly string[], boolean] {
  if ((raw[yes] === undefined) === (raw[no] === undefined)) throw new DocumentError(`exactly one of ${yes} and ${no}`)
  const negative = raw[yes] === undefined
  return [strings(raw[negative ? no : yes], negative ? no : yes), negative]
}

function principals(raw: Record<string, unknown>): Principals {
  onlyKeys(raw, ['RAM', 'Service', 'Federated'], 'Principal')
  if (Object.keys(raw).length === 0) throw new DocumentError('Principal is empty')
  const list = (key: string): readonly string[] => (raw[key] === undefined ? [] : strings(raw[key], key))
  return { ram: list('RAM'), service: list('Service'), federated: list('Federated') }
}

function conditions(raw: Record<string, unknown>): readonly Condition[] {
  return Object.entries(raw).flatMap(([name, block]) => {
    const [, prefix, operator = ''] = /^(?:(ForAnyValue|ForAllValues):)?(.+)$/.exec(name) ?? []
    if (!isConditionOperator(operator)) throw new DocumentError(`unknown condition operator ${name}`)
    const quantifier = prefix === 'ForAnyValue' || prefix === 'ForAllValues' ? prefix : undefined
    return Object.entries(object(block, name)).map(([key, values]) => {
      // An empty text is valid, as in the vendor's own example `"oss:Prefix": ["", "photos/*"]`.
      return { quantifier, operator, key, values: strings(values, key, true) }
    })
  })
}

function strings(value: unknown, what: string, mayBeEmpty = false): readonly string[] {
  const list = Array.isArray(value) ? value : [value]
  if (list.length === 0) throw new DocumentError(`${what} is empty`)
  return list.map((item: unknown) => {
    if (typeof item === 'boolean' || typeof item === 'number') return String(item)
    if (typeof item !== 'string' || (item === '' && !mayBeEmpty))
      throw new DocumentError(`${what} must be a string or a list of strings`)
    return item
  })
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DocumentError(`${what} must be an object`)
  return value as Record<string, unknown>
}

function onlyKeys(raw: Record<string, unknown>, allowed: readonly string[], what: string): void {
  const unknown = Object.keys(raw).find((key) => !allowed.includes(key))
  if (unknown !== undefined) throw new DocumentError(`${what} has an unknown element ${unknown}`)
}

export type Decision = 'allow' | 'explicit-deny' | 'implicit-deny'

export interface AccessRequest {
  readonly action: string
  /** An ARN. It has `*` in a field if the operation applies to all resources. */
  readonly resource: string
  readonly context: ConditionContext
}

export function applies(statement: RamStatement, request: AccessRequest): boolean {
  const action = statement.actions.some((pattern) => matchesAction(pattern, request.action))
  const resource = statement.resources.some((pattern) => matchesResource(pattern, request.resource))
  return (
    action !== statement.notActions &&
    resource !== statement.notResources &&
    conditionsHold(statement.conditions, request.context)
  )
}

/**
 * Applies RAM's rule: a matching Deny overrides every Allow. Without any match, the result is an
 * implicit deny.
 */
export function evaluate(statements: readonly RamStatement[], request: AccessRequest): Decision {
  const effects = new Set(statements.filter((item) => applies(item, request)).map((item) => item.effect))
  if (effects.has('Deny')) return 'explicit-deny'
  return effects.has('Allow') ? 'allow' : 'implicit-deny'
}

/**
 * True if a trust policy allows a caller. `named` finds the caller among the principals. A Deny
 * overrides every Allow here, too.
 */
export function trustAllows(
  trust: readonly RamStatement[],
  context: ConditionContext,
  named: (principals: Principals) => boolean,
): boolean {
  const relevant = trust.filter(({ principals }) => principals !== undefined && named(principals))
  return evaluate(relevant, { action: 'sts:AssumeRole', resource: '*', context }) === 'allow'
}
