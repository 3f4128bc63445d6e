import { judge } from './documented-matching.ts'
import type { PolicyDocument } from './normal-form.ts'
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
  /** No document of RAM's says so: it depends on how a resource of the policies is matched. */
  readonly likely: boolean
}

export interface RightsVerdict {
  readonly missing: readonly MissingRight[]
  /** Some of what is there counts only by a reading that is not documented. */
  readonly likelyGranted: boolean
}

/**
 * What `wanted` allows and the attached documents (JSON of RAM) together do not. Conditional statements are assumed to
 * apply: whether they do is known only when the helper calls. Throws DocumentError.
 */
export function missingRights(wanted: PolicyDocument, attached: readonly string[], accountId: string): RightsVerdict {
  const statements = attached.flatMap((text) => parseStatements(text, 'policy')).flatMap(unconditional)
  const rights = parseStatements(JSON.stringify(wanted), 'policy').flatMap(({ actions, resources }) =>
    actions.flatMap((action) => resources.map((resource) => ({ action, resource }))),
  )
  const missing: MissingRight[] = []
  let likelyGranted = false
  for (const { action, resource } of rights) {
    const place = placeOf(action, resource, accountId)
    const { decision, certain } = judge(statements, { action, resource: place, context: new Map() })
    if (decision === 'allow') {
      likelyGranted ||= !certain
      continue
    }
    const partly = statements.some((statement) => allowsPart(statement, action, place))
    missing.push({ action, resource, denied: decision === 'explicit-deny', partly, likely: !certain })
  }
  return { missing, likelyGranted }
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
