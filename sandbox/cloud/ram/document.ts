/**
 * The grammar of RAM's policy documents, from the vendor's pages:
 * - "Policy structure and syntax":
 *   https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax
 * - "Basic elements of a permission policy":
 *   https://www.alibabacloud.com/help/en/ram/policy-elements (2026-05-20)
 * - "Conditional operators": https://www.alibabacloud.com/help/en/ram/conditional-operator
 *   (2025-12-09)
 *
 * Everything else is rejected: `NotResource` (documented only before 2019), the prefixes
 * `ForAnyValue:` and `ForAllValues:`, an empty list of statements, and numbers or booleans without
 * quotation marks.
 */

import { isRecord, parseJson } from '../../../src/lib/json.ts'
import { ApiError } from '../operation.ts'
import { type Condition, findOperator } from './condition.ts'

export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly action: { readonly patterns: readonly string[]; readonly except: boolean }
  /** Empty in a trust policy. */
  readonly resources: readonly string[]
  /** True for NotResource: the statement applies to all resources but `resources`. */
  readonly exceptResources: boolean
  /** Empty in a permission policy. */
  readonly principal: TrustedEntities
  readonly conditions: readonly Condition[]
}

export type PrincipalKind = 'RAM' | 'Service' | 'Federated'

export type TrustedEntities = Readonly<Partial<Record<PrincipalKind, readonly string[]>>>

/** The error for a document that RAM rejects, with the reason. */
export class MalformedDocument extends ApiError {
  constructor(reason: string) {
    super(400, 'MalformedPolicyDocument', `The policy document is malformed: ${reason}.`)
  }
}

/** Reads a permission policy. @throws MalformedDocument */
export function readPolicy(text: string, withNotResource = false): readonly Statement[] {
  return readDocument(text, withNotResource ? ['Resource', 'NotResource'] : ['Resource'])
}

/** Reads the trust policy of a role. @throws MalformedDocument */
export function readTrust(text: string): readonly Statement[] {
  return readDocument(text, ['Principal'])
}

function readDocument(text: string, subjects: readonly string[]): readonly Statement[] {
  const json = parseJson(text, () => new MalformedDocument('it is not valid JSON'))
  const document = members(json, 'the document', ['Version', 'Statement'])
  if (document.get('Version') !== '1') throw new MalformedDocument('Version must be "1"')
  const list = document.get('Statement')
  if (!Array.isArray(list) || list.length === 0) throw new MalformedDocument('Statement must be a list of statements')
  return list.map((item: unknown) => readStatement(members(item, 'a statement', [...COMMON, ...subjects])))
}

const COMMON = ['Effect', 'Action', 'NotAction', 'Condition']

function readStatement(statement: ReadonlyMap<string, unknown>): Statement {
  const effect = statement.get('Effect')
  if (effect !== 'Allow' && effect !== 'Deny') throw new MalformedDocument('Effect must be "Allow" or "Deny"')
  const except = statement.has('NotAction')
  if (except === statement.has('Action'))
    throw new MalformedDocument('a statement must have either Action or NotAction')
  const patterns = texts(statement.get(except ? 'NotAction' : 'Action'), 'Action')
  const invalid = patterns.find((pattern) => pattern !== '*' && !/^[\w*?-]+:[\w*?./:-]+$/.test(pattern))
  if (invalid !== undefined) throw new MalformedDocument(`${invalid} is not <ram-code>:<action-name>`)
  const exceptResources = statement.has('NotResource')
  if (exceptResources && statement.has('Resource'))
    throw new MalformedDocument('a statement must have either Resource or NotResource')
  const resources = statement.get(exceptResources ? 'NotResource' : 'Resource')
  return {
    effect,
    action: { patterns, except },
    resources: statement.has('Principal') ? [] : readResources(resources),
    exceptResources,
    principal: statement.has('Principal') ? readPrincipal(statement.get('Principal')) : {},
    conditions: statement.has('Condition') ? readConditions(statement.get('Condition')) : [],
  }
}

function readResources(value: unknown): readonly string[] {
  const resources = texts(value, 'Resource')
  const invalid = resources.find((resource) => resource !== '*' && !/^acs:[^:]+:[^:]*:[^:]*:./.test(resource))
  if (invalid === undefined) return resources
  throw new MalformedDocument(`${invalid} is not acs:<service-name>:<region>:<account-id>:<relative-id>`)
}

function readPrincipal(value: unknown): TrustedEntities {
  const kinds = members(value, 'Principal', ['RAM', 'Service', 'Federated'])
  if (kinds.size === 0) throw new MalformedDocument('Principal does not name a trusted entity')
  return Object.fromEntries([...kinds].map(([kind, names]) => [kind, texts(names, kind)]))
}

function readConditions(value: unknown): readonly Condition[] {
  return [...members(value, 'Condition')].flatMap(([name, block]) => {
    const operator = findOperator(name)
    if (operator === undefined) throw new MalformedDocument(`${name} is not a condition operator`)
    return [...members(block, name)].map(([key, values]) => ({ operator, key, values: texts(values, key, true) }))
  })
}

/**
 * A string or a non-empty list of strings. A condition's value may be an empty string:
 * `"oss:Prefix": ["", …]`.
 */
function texts(value: unknown, where: string, mayBeEmpty = false): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const valid = list.filter((item): item is string => typeof item === 'string' && (mayBeEmpty || item !== ''))
  if (list.length > 0 && valid.length === list.length) return valid
  throw new MalformedDocument(`${where} must be a string or a list of strings`)
}

function members(value: unknown, what: string, allowed?: readonly string[]): ReadonlyMap<string, unknown> {
  if (!isRecord(value)) throw new MalformedDocument(`${what} must be an object`)
  const found = new Map(Object.entries(value))
  const unknown = allowed && [...found.keys()].find((key) => !allowed.includes(key))
  if (unknown !== undefined) throw new MalformedDocument(`${what} has the unknown element ${unknown}`)
  return found
}
