import type { Unverified } from '../alibaba/unverified.ts'
import { isDocumentedPath } from '../values/repositories.ts'
import type { PolicyDocument } from './normal-form.ts'
import { matchesAction, matchesPattern, resourcesMeet } from './ram-pattern.ts'
import { type AccessRequest, type Decision, evaluate, parseStatements, type RamStatement } from './ram-statement.ts'

/**
 * True for forms of a resource that Alibaba Cloud's own pages and policies document. These are
 * literal text, `*` for a whole field, and the forms of `isDocumentedPath` for the path. The
 * meaning of empty fields is undocumented, except for the region of RAM (`acs:ram::*:role/name`).
 */
export function isDocumentedPattern(pattern: string): boolean {
  if (pattern === '*') return true
  const [scheme, service = '', region = '', account = '', ...rest] = pattern.split(':')
  const isWhole = (field: string): boolean => field === '*' || (field !== '' && !/[*?]/.test(field))
  const isRegion = isWhole(region) || (region === '' && service === 'ram')
  return scheme === 'acs' && [service, account].every(isWhole) && isRegion && isDocumentedPath(rest.join(':'))
}

/** Matches a documented pattern. A `*` in the middle of the path is exactly one segment. */
function matchesAsDocumented(pattern: string, resource: string): boolean {
  if (pattern === '*') return true
  const [expected, actual] = [pattern.split(':'), resource.split(':')]
  const isField = (index: number): boolean =>
    expected[index] === '*' || expected[index] === '' || expected[index] === actual[index]
  if (![0, 1, 2, 3].every(isField)) return false
  const [path, name] = [expected.slice(4).join(':').split('/'), actual.slice(4).join(':').split('/')]
  const last = path.length - 1
  return path.every((segment, index) => {
    if (index === last && segment.endsWith('*')) return name[index]?.startsWith(segment.slice(0, -1))
    if (index === last && name.length !== path.length) return false
    return segment === '*' ? name[index] !== undefined : segment === name[index]
  })
}

/** Reports a policy that depends on undocumented matching. */
export function undocumentedMatching(document: PolicyDocument, subject: string): readonly Unverified[] {
  const resources = document.Statement.flatMap(({ Resource = [] }) => Resource)
  return resources.every(isDocumentedPattern) ? [] : [{ id: 'RAM_MATCHING', subject }]
}

/**
 * Returns RAM's decision, and whether it is `certain`: the same under every interpretation of what
 * is undocumented. Conditions must be evaluated before.
 */
export function judgeRequest(
  statements: readonly RamStatement[],
  request: AccessRequest,
): { readonly decision: Decision; readonly certain: boolean } {
  const readings = statements.map((statement) => ({ effect: statement.effect, reading: read(statement, request) }))
  const has = (effect: string, reading: Reading): boolean =>
    readings.some((one) => one.effect === effect && one.reading === reading)
  const decision = evaluate(statements, request)
  if (has('Deny', 'applies')) return { decision, certain: true }
  const isOpen = has('Deny', 'open') || (has('Allow', 'open') && !has('Allow', 'applies'))
  return { decision, certain: !isOpen }
}

type Reading = 'applies' | 'open' | 'not'

function read(statement: RamStatement, { action, resource }: AccessRequest): Reading {
  const named = statement.actions.some((pattern) => matchesAction(pattern, action))
  if (named === statement.notActions) return 'not'
  if (statement.notResources) return 'open'
  const readings = statement.resources.map((pattern) => readResource(pattern, resource))
  return readings.includes('applies') ? 'applies' : readings.includes('open') ? 'open' : 'not'
}

function readResource(pattern: string, resource: string): Reading {
  if (isDocumentedPattern(pattern) && matchesAsDocumented(pattern, resource)) return 'applies'
  const widest = pattern.replace(/:(?=:)/g, ':*').toLowerCase()
  return matchesPattern(widest, resource.toLowerCase()) ? 'open' : 'not'
}

export type RightsVerdict = ReturnType<typeof missingRamRights>
export type MissingRight = RightsVerdict['missing'][number]

/**
 * Returns what `desired` allows and the attached documents (RAM's JSON) do not allow. Conditional
 * statements are assumed to apply, because RAM evaluates them only when the helper calls.
 * @throws DocumentError
 */
export function missingRamRights(desired: PolicyDocument, attached: readonly string[], accountId: string) {
  const statements = attached.flatMap((text) => parseStatements(text, 'policy')).flatMap(unconditional)
  const rights = parseStatements(JSON.stringify(desired), 'policy').flatMap(({ actions, resources }) =>
    actions.flatMap((action) => resources.map((resource) => ({ action, resource }))),
  )
  const judged = rights.map(({ action, resource }) => {
    const requested = requestedResource(action, resource, accountId)
    const { decision, certain } = judgeRequest(statements, { action, resource: requested, context: new Map() })
    return {
      action,
      resource,
      isGranted: decision === 'allow',
      /** True if a statement denies the action; false if no statement allows it. */
      denied: decision === 'explicit-deny',
      /**
       * True if the action is allowed for a part of the resource, such as some repositories of an
       * instance.
       */
      partly: statements.some((statement) => allowsPart(statement, action, requested)),
      /** True if the result depends on undocumented matching of resources. */
      likely: !certain,
    }
  })
  return {
    missing: judged.flatMap(({ isGranted, ...right }) => (isGranted ? [] : [right])),
    /** True if some rights are granted only if undocumented matching works as assumed. */
    likelyGranted: judged.some(({ isGranted, likely }) => isGranted && likely),
  }
}

function unconditional(statement: RamStatement): readonly RamStatement[] {
  if (statement.conditions.length === 0) return [statement]
  return statement.effect === 'Allow' ? [{ ...statement, conditions: [] }] : []
}

/**
 * Returns the resource in RAM's request if our policy has `*`: all resources of the service, or all
 * instances.
 */
function requestedResource(action: string, resource: string, accountId: string): string {
  if (resource !== '*') return resource
  const [service = '*'] = action.split(':')
  return `acs:${service}:*:${accountId}:${action === 'cr:ListInstance' ? 'instance/*' : '*'}`
}

function allowsPart(
  { effect, actions, notActions, resources, notResources }: RamStatement,
  action: string,
  requested: string,
) {
  if (effect !== 'Allow' || notActions || notResources) return false
  return (
    actions.some((pattern) => matchesAction(pattern, action)) && resources.some((one) => resourcesMeet(requested, one))
  )
}
