import { conditionsMet, type RequestContext } from './condition.ts'
import type { PrincipalKind, Statement, TrustedEntities } from './document.ts'
import { every, matchesAction, matchesResource, not, some, type Truth, truth } from './wildcard.ts'

export type Decision = 'allow' | 'explicit-deny' | 'implicit-deny'

export interface AccessRequest {
  readonly action: string
  readonly resource: string
  readonly context: RequestContext
}

export interface Evaluation {
  /** The emulator's decision: an Allow must apply for certain, a Deny need only possibly apply. */
  readonly decision: Decision
  /** The decision by the opposite reading. If both agree, the vendor's pages specify the decision. */
  readonly lenient: Decision
}

/**
 * RAM's "Basic evaluation process" (https://www.alibabacloud.com/help/en/ram/policy-evaluation-process): an explicit
 * deny if a Deny applies, else allowed if an Allow applies, else an implicit deny.
 */
export function evaluate(statements: readonly Statement[], request: AccessRequest): Evaluation {
  return combine(statements.map((statement) => ({ statement, applies: policyApplies(statement, request) })))
}

function policyApplies({ action, resources, conditions }: Statement, request: AccessRequest): Truth {
  return every([
    actionApplies(action, request.action),
    some(resources.map((pattern) => matchesResource(pattern, request.resource))),
    conditionsMet(conditions, request.context),
  ])
}

function actionApplies({ patterns, except }: Statement['action'], action: string): Truth {
  const named = truth(patterns.some((pattern) => matchesAction(pattern, action)))
  return except ? not(named) : named
}

/** The caller that assumes a role: a RAM identity, a cloud service, or a user of an identity provider. */
export interface Entity {
  readonly kind: PrincipalKind
  /** Its names in trust policies; for a RAM identity its ARN, its role's ARN and `…:root` of its account. */
  readonly names: readonly string[]
}

/** Decides by a role's trust policy whether an entity may assume the role. */
export function evaluateTrust(statements: readonly Statement[], entity: Entity, context: RequestContext): Evaluation {
  return combine(
    statements.map((statement) => {
      const { action, principal, conditions } = statement
      const named = namesEntity(principal, entity)
      const applies = every([named, actionApplies(action, 'sts:AssumeRole'), conditionsMet(conditions, context)])
      return { statement, applies }
    }),
  )
}

/**
 * The vendor's pages show full names in `Principal`. They do not specify case sensitivity or wildcards.
 * ("Modify the trust policy of a RAM role", https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
 */
function namesEntity(principal: TrustedEntities, { kind, names }: Entity): Truth {
  const listed = principal[kind] ?? []
  if (listed.some((name) => names.includes(name))) return 'yes'
  const lowerCase = names.map((name) => name.toLowerCase())
  return listed.some((name) => /[*?]/.test(name) || lowerCase.includes(name.toLowerCase())) ? 'unspecified' : 'no'
}

function combine(rows: readonly { readonly statement: Statement; readonly applies: Truth }[]): Evaluation {
  const present = (effect: Statement['effect'], ...how: readonly Truth[]): boolean =>
    rows.some(({ statement, applies }) => statement.effect === effect && how.includes(applies))
  const decide = (denied: boolean, allowed: boolean): Decision =>
    denied ? 'explicit-deny' : allowed ? 'allow' : 'implicit-deny'
  return {
    decision: decide(present('Deny', 'yes', 'unspecified'), present('Allow', 'yes')),
    lenient: decide(present('Deny', 'yes'), present('Allow', 'yes', 'unspecified')),
  }
}
