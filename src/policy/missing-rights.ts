import type { PolicyDocument } from './document.ts'
import { evaluate } from './ram-evaluate.ts'
import { matchesAction, resourcesMeet } from './ram-pattern.ts'
import { parseStatements, type RamStatement } from './ram-statement.ts'

/** Something that a role is not allowed to do. */
export interface MissingRight {
  readonly action: string
  readonly resource: string
  /** A Deny says so; else nothing allows it. */
  readonly denied: boolean
  /** A part of the resource is allowed: some repositories of an instance. */
  readonly partly: boolean
}

/**
 * What `wanted` allows and the attached documents (JSON of RAM) together do not. Statements under conditions are taken to
 * the good: whether they hold is only known when the helper calls. Throws DocumentError.
 */
export function missingRights(
  wanted: PolicyDocument,
  attached: readonly string[],
  accountId: string,
): readonly MissingRight[] {
  const statements = attached.flatMap((text) => parseStatements(text, 'policy')).flatMap(unconditional)
  const rights = parseStatements(JSON.stringify(wanted), 'policy').flatMap(({ actions, resources }) =>
    actions.flatMap((action) => resources.map((resource) => ({ action, resource }))),
  )
  return rights.flatMap(({ action, resource }) => {
    const place = placeOf(action, resource, accountId)
    const decision = evaluate(statements, { action, resource: place, context: new Map() })
    if (decision === 'allow') return []
    const partly = statements.some((statement) => allowsPart(statement, action, place))
    return [{ action, resource, denied: decision === 'explicit-deny', partly }]
  })
}

function unconditional(statement: RamStatement): readonly RamStatement[] {
  if (statement.conditions.length === 0) return [statement]
  return statement.effect === 'Allow' ? [{ ...statement, conditions: [] }] : []
}

/** What RAM is asked about where our policy says `*`: the whole of the service, or all instances. */
function placeOf(action: string, resource: string, accountId: string): string {
  if (resource !== '*') return resource
  const [service = '*'] = action.split(':')
  return `acs:${service}:*:${accountId}:${action === 'cr:ListInstance' ? 'instance/*' : '*'}`
}

function allowsPart(
  { effect, actions, notActions, resources, notResources }: RamStatement,
  action: string,
  place: string,
) {
  if (effect !== 'Allow' || notActions || notResources) return false
  return actions.some((pattern) => matchesAction(pattern, action)) && resources.some((one) => resourcesMeet(place, one))
}
