import { ApiError } from '../operation.ts'
import type { CloudState, Principal, Role } from '../state.ts'
import { principalArn, roleArn } from './arn.ts'
import type { RequestContext } from './condition.ts'
import { type PrincipalKind, readPolicy, readTrust } from './document.ts'
import { type AccessRequest, type Decision, evaluate, evaluateTrust } from './evaluate.ts'
import type { Reading } from './reading.ts'
import { inEffect } from './stale-reads.ts'

/**
 * The kinds of policy that may decide, as `PolicyType` of a denied call
 * (DecodeDiagnosticMessageResponseBody in @alicloud/ram20150501).
 */
type PolicyType = 'ControlPolicy' | 'SessionPolicy' | 'AssumeRolePolicy' | 'AccountLevelIdentityBasedPolicy'

export interface Verdict {
  readonly decision: Decision
  readonly policyType: PolicyType
}

/**
 * "The system access control policy FullAliyunAccess is attached to each folder and member"
 * (AttachControlPolicy).
 */
const FULL_ALIYUN_ACCESS = JSON.stringify({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
})

/** The part of the cloud that asks for a decision. Only faults distinguish the two. */
type DecisionPoint = 'api' | 'registry'

/**
 * Decides whether a principal may currently perform an action on a resource. Each step must allow
 * it:
 * 1. The control policies of the resource directory, for all users and roles of a member account.
 * 2. The session policy, if the principal is a session that has one.
 * 3. The policies attached to the user or role.
 * Source: "How RAM evaluates policies"
 * (https://www.alibabacloud.com/help/en/ram/policy-evaluation-process).
 */
export function decide(
  state: CloudState,
  principal: Principal,
  request: AccessRequest,
  point: DecisionPoint = 'api',
  documents: readonly string[] = attachedDocuments(state, principal),
): Verdict {
  const { accountId } = principal
  const account = state.accounts.get(accountId)
  const limit = evaluateAs(state.settings.reading, [FULL_ALIYUN_ACCESS, ...(account?.controlPolicies ?? [])], request)
  if (limit !== 'allow') return { decision: limit, policyType: 'ControlPolicy' }
  const session = sessionDecision(state, principal, request, point)
  if (session !== 'allow') return { decision: session, policyType: 'SessionPolicy' }
  return {
    decision: evaluateAs(state.settings.reading, documents, request),
    policyType: 'AccountLevelIdentityBasedPolicy',
  }
}

/** Returns the documents of the policies that a user or role has now. */
export function attachedDocuments(state: CloudState, { kind, accountId, name }: Principal): readonly string[] {
  const account = state.accounts.get(accountId)
  const ram = account && inEffect(state, account)
  const holder = (kind === 'user' ? ram?.User : ram?.Role)?.get(name.toLowerCase())
  return [...(holder?.policies ?? [])].map(({ versions, defaultVersion }) => versions.get(defaultVersion) ?? '')
}

/** Evaluates documents in the reading of the cloud. */
function evaluateAs(reading: Readonly<Reading>, documents: readonly string[], request: AccessRequest): Decision {
  const letters = (text: string): string => (reading.ignoresCase ? text.toLowerCase() : text)
  // No resource contains a wildcard, so a literal wildcard matches nothing.
  const isLiteral = (pattern: string): boolean =>
    (!reading.questionMarks && pattern.includes('?')) || (!reading.wildcardsInside && /\*[^:/]/.test(pattern))
  const statements = documents.flatMap((text) =>
    readPolicy(text, reading.notResource).map((statement) => ({
      ...statement,
      resources: statement.resources.filter((pattern) => !isLiteral(pattern)).map(letters),
    })),
  )
  return evaluate(statements, { ...request, resource: letters(request.resource) }).decision
}

function sessionDecision(
  state: CloudState,
  principal: Principal,
  request: AccessRequest,
  point: DecisionPoint,
): Decision {
  const policy = principal.kind === 'role' ? principal.session.policy : undefined
  const fault = state.settings.sessionPolicyFault
  if (policy === undefined || fault === 'ignored' || fault === `ignored-by-${point}`) return 'allow'
  if (fault === 'refused' || fault === `refused-by-${point}`) return 'implicit-deny'
  return evaluateAs(state.settings.reading, [policy], request)
}

/**
 * Returns the error of RAM and STS for a denied call (403), with the body field that the vendor
 * adds. "The identity: RAM user: a UID; RAM role: RoleName:RoleSessionName" (AccessDeniedDetail in
 * @alicloud/ice20201109 and other SDKs of the vendor).
 */
export function noPermission(state: CloudState, principal: Principal, action: string, verdict: Verdict): ApiError {
  const isRole = principal.kind === 'role'
  const { name, accountId } = principal
  const { decision, policyType } = verdict
  const user = state.accounts.get(accountId)?.ram.User.get(name.toLowerCase())
  const AccessDeniedDetail = {
    AuthAction: action,
    AuthPrincipalDisplayName: isRole ? `${name}:${principal.session.name}` : (user?.id ?? ''),
    AuthPrincipalOwnerId: accountId,
    AuthPrincipalType: isRole ? 'AssumedRoleUser' : 'SubUser',
    NoPermissionType: decision === 'explicit-deny' ? 'ExplicitDeny' : 'ImplicitDeny',
    PolicyType: policyType,
    EncodedDiagnosticMessage: Buffer.from(JSON.stringify({ action, decision, principal: name })).toString('base64'),
  }
  const message = 'You are not authorized to do this action. You should be authorized by RAM.'
  return new ApiError(403, 'NoPermission', message, { AccessDeniedDetail })
}

/**
 * Decides by a role's trust policy whether a RAM user or role may assume the role. The caller's own
 * policies must allow the call as well. An account's root in `Principal` means all users and roles
 * of that account. Source: RAM, "Policy evaluation process of assuming a RAM role".
 */
export function trustDecision(role: Role, principal: Principal, context: RequestContext): Decision {
  const names = [`acs:ram::${principal.accountId}:root`, principalArn(principal)]
  if (principal.kind === 'role') names.push(roleArn(principal.accountId, principal.name))
  return evaluateTrust(readTrust(role.trust), { kind: 'RAM', names }, context).decision
}

/**
 * True if a role trusts a cloud service such as `ecs.aliyuncs.com`, or an identity provider in the
 * context of a token.
 */
export function trusts(role: Role, kind: PrincipalKind, name: string, context: RequestContext = new Map()): boolean {
  return evaluateTrust(readTrust(role.trust), { kind, names: [name] }, context).decision === 'allow'
}
