import { judge } from './documented-matching.ts'
import type { PolicyDocument } from './normal-form.ts'
import { matchesAction, resourcesMeet } from './ram-pattern.ts'
import { parseStatements, type RamStatement } from './ram-statement.ts'

export interface MissingRight {
  readonly action: string
  readonly resource: string
  /** Denied explicitly; otherwise nothing allows it. */
  readonly denied: boolean
  /** Allowed for a part of the resource, such as some repositories of an instance. */
  readonly partly: boolean
  /** It depends on undocumented matching of resources. */
  readonly likely: boolean
}

export interface RightsVerdict {
  readonly missing: readonly MissingRight[]
  /** Some rights are granted only if undocumented matching works as assumed. */
  readonly likelyGranted: boolean
}

/**
 * What `desired` allows and the attached documents (JSON of RAM) do not. Conditional statements are assumed to apply, because
 * that is known only when the helper calls. Throws DocumentError.
 */
export function missingRights(desired: PolicyDocument, attached: readonly string[], accountId: string): RightsVerdict {
  const statements = attached.flatMap((text) => parseStatements(text, 'policy')).flatMap(unconditional)
  const rights = parseStatements(JSON.stringify(desired), 'policy').flatMap(({ actions, resources }) =>
    actions.flatMap((action) => resources.map((resource) => ({ action, resource }))),
  )
  const missing: MissingRight[] = []
  let likelyGranted = false
  for (const { action, resource } of rights) {
    const requested = requestedResource(action, resource, accountId)
    const { decision, certain } = judge(statements, { action, resource: requested, context: new Map() })
    if (decision === 'allow') {
      likelyGranted ||= !certain
      continue
    }
    const partly = statements.some((statement) => allowsPart(statement, action, requested))
    missing.push({ action, resource, denied: decision === 'explicit-deny', partly, likely: !certain })
  }
  return { missing, likelyGranted }
}

function unconditional(statement: RamStatement): readonly RamStatement[] {
  if (statement.conditions.length === 0) return [statement]
  return statement.effect === 'Allow' ? [{ ...statement, conditions: [] }] : []
}

/** The resource in RAM's request if our policy has `*`: all of the service, or all instances. */
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
