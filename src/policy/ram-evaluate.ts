import { type ConditionContext, conditionsHold } from './ram-condition.ts'
import { matchesAction, matchesResource } from './ram-pattern.ts'
import type { Principals, RamStatement } from './ram-statement.ts'

export type Decision = 'allow' | 'explicit-deny' | 'implicit-deny'

export interface AccessRequest {
  readonly action: string
  /** ARN; with `*` in a field where the operation concerns all resources. */
  readonly resource: string
  readonly context: ConditionContext
}

/** Does a statement speak of this request? */
export function applies(statement: RamStatement, request: AccessRequest): boolean {
  const action = statement.actions.some((pattern) => matchesAction(pattern, request.action))
  const resource = statement.resources.some((pattern) => matchesResource(pattern, request.resource))
  return (
    action !== statement.notActions &&
    resource !== statement.notResources &&
    conditionsHold(statement.conditions, request.context)
  )
}

/** RAM's rule: one Deny that applies wins over every Allow; nothing that applies is an implicit deny. */
export function evaluate(statements: readonly RamStatement[], request: AccessRequest): Decision {
  const effects = new Set(statements.filter((item) => applies(item, request)).map((item) => item.effect))
  if (effects.has('Deny')) return 'explicit-deny'
  return effects.has('Allow') ? 'allow' : 'implicit-deny'
}

/** Does a trust policy let in whoever `named` finds among its principals, under these conditions? One Deny wins here too. */
export function trustAllows(
  trust: readonly RamStatement[],
  context: ConditionContext,
  named: (principals: Principals) => boolean,
): boolean {
  const relevant = trust.filter(({ principals }) => principals !== undefined && named(principals))
  return evaluate(relevant, { action: 'sts:AssumeRole', resource: '*', context }) === 'allow'
}
