import { conditionsMet, type RequestContext } from './condition.ts'
import type { Principal, PrincipalKind, Statement } from './document.ts'
import { every, fitsAction, fitsResource, not, some, type Truth, truth } from './wildcard.ts'

export type Decision = 'allow' | 'explicit-deny' | 'implicit-deny'

export interface AccessRequest {
  readonly action: string
  readonly resource: string
  readonly context: RequestContext
}

export interface Verdict {
  /** What the emulator does: an Allow has to apply for certain, a Deny need only be possible. */
  readonly decision: Decision
  /** The opposite reading. Where both are the same, the vendor's pages decide. */
  readonly lenient: Decision
}

/**
 * RAM's "Basic evaluation process" (https://www.alibabacloud.com/help/en/ram/policy-evaluation-process): a Deny that applies is
 * an explicit deny, else an Allow that applies allows, else it is an implicit deny.
 */
export function evaluate(statements: readonly Statement[], request: AccessRequest): Verdict {
  return combine(statements.map((statement) => ({ statement, applies: policyApplies(statement, request) })))
}

function policyApplies({ action, resources, conditions }: Statement, request: AccessRequest): Truth {
  return every([
    actionApplies(action, request.action),
    some(resources.map((pattern) => fitsResource(pattern, request.resource))),
    conditionsMet(conditions, request.context),
  ])
}

function actionApplies({ patterns, except }: Statement['action'], action: string): Truth {
  const named = truth(patterns.some((pattern) => fitsAction(pattern, action)))
  return except ? not(named) : named
}

/** Who wants to assume a role: one of RAM's identities, a service of the cloud, or a user of an identity provider. */
export interface Entity {
  readonly kind: PrincipalKind
  /** All names by which a trust policy can name it: for `RAM` its ARN, its role's ARN, `…:root` of its account. */
  readonly names: readonly string[]
}

/** The decision of a role's trust policy about `sts:AssumeRole`. */
export function evaluateTrust(statements: readonly Statement[], entity: Entity, context: RequestContext): Verdict {
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
 * The pages show full names in `Principal`. They do not say whether case counts there or whether wildcards are read.
 * ("Modify the trust policy of a RAM role", https://www.alibabacloud.com/help/en/ram/user-guide/edit-the-trust-policy-of-a-ram-role)
 */
function namesEntity(principal: Principal, { kind, names }: Entity): Truth {
  const listed = principal[kind] ?? []
  if (listed.some((name) => names.includes(name))) return 'yes'
  const own = names.map((name) => name.toLowerCase())
  return listed.some((name) => /[*?]/.test(name) || own.includes(name.toLowerCase())) ? 'unsaid' : 'no'
}

function combine(rows: readonly { readonly statement: Statement; readonly applies: Truth }[]): Verdict {
  const present = (effect: Statement['effect'], ...how: readonly Truth[]): boolean =>
    rows.some(({ statement, applies }) => statement.effect === effect && how.includes(applies))
  const decide = (denied: boolean, allowed: boolean): Decision =>
    denied ? 'explicit-deny' : allowed ? 'allow' : 'implicit-deny'
  return {
    decision: decide(present('Deny', 'yes', 'unsaid'), present('Allow', 'yes')),
    lenient: decide(present('Deny', 'yes'), present('Allow', 'yes', 'unsaid')),
  }
}

/**
 * "Standard evaluation process": first the session policy, where an AssumeRole call gave one; any deny of it is final. Then the
 * policies that are attached to the user or role.
 */
export function decideAccess(
  attached: readonly Statement[],
  session: readonly Statement[] | undefined,
  request: AccessRequest,
): Decision {
  const bySession = session === undefined ? 'allow' : evaluate(session, request).decision
  return bySession === 'allow' ? evaluate(attached, request).decision : bySession
}
