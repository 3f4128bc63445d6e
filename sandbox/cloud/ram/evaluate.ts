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
  /**
   * The emulator's decision: an Allow counts only if it certainly applies, a Deny counts if it may
   * apply.
   */
  readonly decision: Decision
  /**
   * The decision by the opposite reading. If the two decisions agree, the vendor's pages specify
   * the decision.
   */
  readonly lenient: Decision
}

/**
 * RAM's "Basic evaluation process"
 * (https://www.alibabacloud.com/help/en/ram/policy-evaluation-process): a Deny that applies is an
 * explicit deny. Without such a Deny, an Allow that applies allows. Everything else is an implicit
 * deny.
 */
export function evaluate(statements: readonly Statement[], request: AccessRequest): Evaluation {
  return combine(statements, ({ action, resources, exceptResources, conditions }) => [
    actionApplies(action, request.action),
    resourceApplies(resources, exceptResources, request.resource),
    conditionsMet(conditions, request.context),
  ])
}

function resourceApplies(patterns: readonly string[], except: boolean, resource: string): Truth {
  const named = some(patterns.map((pattern) => matchesResource(pattern, resource)))
  return except ? not(named) : named
}

function actionApplies({ patterns, except }: Statement['action'], action: string): Truth {
  const named = truth(patterns.some((pattern) => matchesAction(pattern, action)))
  return except ? not(named) : named
}

/**
 * The caller that assumes a role: a RAM identity, a cloud service, or a user of an identity
 * provider.
 */
export interface Entity {
  readonly kind: PrincipalKind
  /**
   * The entity's names in trust policies. A RAM identity has its ARN, its role's ARN and `…:root`
   * of its account.
   */
  readonly names: readonly string[]
}

/** Decides by a role's trust policy whether an entity may assume the role. */
export function evaluateTrust(statements: readonly Statement[], entity: Entity, context: RequestContext): Evaluation {
  return combine(statements, ({ action, principal, conditions }) => [
    namesEntity(principal, entity),
    actionApplies(action, 'sts:AssumeRole'),
    conditionsMet(conditions, context),
  ])
}

/**
 * The vendor's pages show full names in `Principal`. They do not specify case sensitivity or
 * wildcards. ("Modify the trust policy of a RAM role",
 * https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
 */
function namesEntity(principal: TrustedEntities, { kind, names }: Entity): Truth {
  const listed = principal[kind] ?? []
  if (listed.some((name) => names.includes(name))) return 'yes'
  const lowerCase = names.map((name) => name.toLowerCase())
  return listed.some((name) => /[*?]/.test(name) || lowerCase.includes(name.toLowerCase())) ? 'unspecified' : 'no'
}

/** Combines the statements that apply. A statement applies if all its requirements are met. */
function combine(statements: readonly Statement[], required: (one: Statement) => readonly Truth[]): Evaluation {
  const rows = statements.map((statement) => ({ effect: statement.effect, applies: every(required(statement)) }))
  const present = (effect: Statement['effect'], ...how: readonly Truth[]): boolean =>
    rows.some((row) => row.effect === effect && how.includes(row.applies))
  const decide = (denied: boolean, allowed: boolean): Decision =>
    denied ? 'explicit-deny' : allowed ? 'allow' : 'implicit-deny'
  return {
    decision: decide(present('Deny', 'yes', 'unspecified'), present('Allow', 'yes')),
    lenient: decide(present('Deny', 'yes'), present('Allow', 'yes', 'unspecified')),
  }
}
