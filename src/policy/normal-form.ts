import { NopassError } from '../errors.ts'
import { parseObject } from '../lib/json.ts'

/**
 * The smallest unit of a document: one action on one resource, with the statement's other elements.
 */
interface Grant {
  readonly effect: string
  /**
   * Undefined in statements without this element, such as statements with NotAction or of trust
   * policies.
   */
  readonly action: string | undefined
  readonly resource: string | undefined
  /** Principal, Condition and all other elements, in canonical JSON. */
  readonly rest: string
}

/**
 * Returns the canonical form: single grants regrouped, lists sorted, `Effect` capitalised. Two
 * documents mean the same if and only if their normal forms are equal as text (wildcards are not
 * compared with each other).
 */
export function normalForm(document: PolicyDocument): PolicyDocument {
  return { Version: document.Version, Statement: regroup(grantsOf(document)) }
}

/** True if the two documents mean the same. */
export function sameDocument(a: PolicyDocument, b: PolicyDocument): boolean {
  return JSON.stringify(normalForm(a)) === JSON.stringify(normalForm(b))
}

/** Returns a document with every grant of every given document. */
export function unionDocuments(...documents: readonly PolicyDocument[]): PolicyDocument {
  return { Version: documents[0]?.Version ?? '1', Statement: regroup(documents.flatMap(grantsOf)) }
}

/** Returns what `document` grants and `removed` does not. */
export function withoutGrants(document: PolicyDocument, removed: PolicyDocument): PolicyDocument {
  const excluded = new Set(grantsOf(removed).map(grantKey))
  const left = grantsOf(document).filter((grant) => !excluded.has(grantKey(grant)))
  return { Version: document.Version, Statement: regroup(left) }
}

/** True if `whole` contains every grant of `part` literally. */
export function includesDocument(whole: PolicyDocument, part: PolicyDocument): boolean {
  return withoutGrants(part, whole).Statement.length === 0
}

/**
 * Adds the statements of `added` that the document lacks. The document's own statements stay as
 * they are.
 */
export function addStatements(document: PolicyDocument, added: PolicyDocument): PolicyDocument {
  const missing = added.Statement.filter((statement) => !includesDocument(document, policyOf([statement])))
  return { ...document, Statement: [...document.Statement, ...missing] }
}

/** Returns each single permission of a document as a text. Equal permissions have equal texts. */
export function grantKeys(document: PolicyDocument): readonly string[] {
  return [...new Set(grantsOf(document).map(grantKey))].sort()
}

function grantsOf(document: PolicyDocument): Grant[] {
  return document.Statement.flatMap(({ Effect, Action, Resource, ...others }) => {
    const rest = JSON.stringify(canonical(others))
    const effect = /^deny$/i.test(Effect) ? 'Deny' : 'Allow'
    return strings(Action).flatMap((action) =>
      strings(Resource).map((resource): Grant => ({ effect, action, resource, rest })),
    )
  })
}

const grantKey = ({ effect, action, resource, rest }: Grant): string => JSON.stringify([effect, action, resource, rest])

function regroup(grants: readonly Grant[]): Statement[] {
  // Groups first all actions of one resource, then all resources with the same actions, so that the
  // order of the input does not matter. A statement without action or resource is never merged with
  // a statement that has this element.
  const byResource = groupBy(grants, ({ effect, rest, resource, action }) => [
    effect,
    rest,
    resource,
    action && '',
  ]).map(([first, all]) => ({ ...first, actions: distinct(all.map(({ action }) => action)) }))
  return groupBy(byResource, ({ effect, rest, actions, resource }) => [effect, rest, actions, resource && ''])
    .map(([{ effect, rest, actions }, all]) => {
      const resources = distinct(all.map(({ resource }) => resource))
      return {
        Effect: effect,
        ...(actions.length > 0 && { Action: actions }),
        ...(resources.length > 0 && { Resource: resources }),
        ...(JSON.parse(rest) as Record<string, unknown>),
      }
    })
    .sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)))
}

/** Returns each group with its first item. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => unknown): (readonly [Item, readonly Item[]])[] {
  const groups = Map.groupBy(items, (item) => JSON.stringify(keyOf(item))).values()
  return [...groups].flatMap((all) => all.slice(0, 1).map((first) => [first, all] as const))
}

const distinct = (texts: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(texts.filter((text) => text !== undefined))].sort()

/**
 * Sorts keys, sorts lists and removes duplicates, and turns single values into lists, because RAM
 * ignores these differences.
 */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => stable(item)))].sort()
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => compare(a, b))
    return Object.fromEntries(members.map(([key, member]) => [key, canonical(member)]))
  }
  return [stable(value)]
}

const stable = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const strings = (list: string | readonly string[] | undefined): readonly (string | undefined)[] =>
  list === undefined ? [undefined] : typeof list === 'string' ? [list] : list

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A statement of RAM. A list may also be a single string. */
export interface Statement {
  readonly Effect: string
  readonly Action?: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly [element: string]: unknown
}

/** A permission policy, or the trust policy of a role. */
export interface PolicyDocument {
  readonly Version: string
  readonly Statement: readonly Statement[]
}

/**
 * RAM's limit for the document of a custom policy, in bytes (CreatePolicy). The limit for trust
 * policies is undocumented.
 */
export const MAX_DOCUMENT = 6144

/**
 * Parses RAM's JSON text.
 * @throws POLICY_UNREADABLE
 */
export function parseDocument(text: string, name: string): PolicyDocument {
  const { Version, Statement } = parseObject(text) ?? {}
  const statements = Array.isArray(Statement) ? Statement : [Statement]
  const whole = statements.every((statement) => typeof statement === 'object' && statement !== null)
  if (!whole) throw new NopassError('POLICY_UNREADABLE', `the document of ${name} is not a RAM policy`)
  return { Version: typeof Version === 'string' ? Version : '1', Statement: statements as Statement[] }
}

/** True if RAM accepts a policy of this length. */
export function fitsPolicy(document: PolicyDocument): boolean {
  return Buffer.byteLength(JSON.stringify(document)) <= MAX_DOCUMENT
}

/**
 * Returns the JSON that is sent to RAM.
 * @throws POLICY_TOO_LARGE
 */
export function documentText(document: PolicyDocument, name: string): string {
  const text = JSON.stringify(document)
  const size = Buffer.byteLength(text)
  if (size <= MAX_DOCUMENT) return text
  throw new NopassError('POLICY_TOO_LARGE', `the document of ${name} has ${size} bytes; RAM accepts ${MAX_DOCUMENT}`)
}

export function policyOf(statements: readonly Statement[]): PolicyDocument {
  return { Version: '1', Statement: statements }
}
