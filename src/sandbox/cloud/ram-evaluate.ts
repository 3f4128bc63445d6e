import { type ConditionContext, conditionsHold } from './ram-condition.ts'
import type { Statement } from './ram-document.ts'
import { matchesAction, matchesResource } from './ram-pattern.ts'

export type Decision = 'allow' | 'explicit-deny' | 'implicit-deny'

export interface AccessRequest {
  readonly action: string
  /** ARN; with `*` in a field where the operation concerns all resources. */
  readonly resource: string
  readonly context: ConditionContext
}

/** Does a statement speak of this request? */
export function applies(statement: Statement, request: AccessRequest): boolean {
  const action = statement.actions.some((pattern) => matchesAction(pattern, request.action))
  const resource = statement.resources.some((pattern) => matchesResource(pattern, request.resource))
  return (
    action !== statement.notActions &&
    resource !== statement.notResources &&
    conditionsHold(statement.conditions, request.context)
  )
}

/** RAM's rule: one Deny that applies wins over every Allow; nothing that applies is an implicit deny. */
export function evaluate(statements: readonly Statement[], request: AccessRequest): Decision {
  const effects = new Set(statements.filter((item) => applies(item, request)).map((item) => item.effect))
  if (effects.has('Deny')) return 'explicit-deny'
  return effects.has('Allow') ? 'allow' : 'implicit-deny'
}
