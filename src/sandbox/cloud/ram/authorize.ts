import { ApiError } from '../operation.ts'
import type { CloudState, Principal, Role } from '../state.ts'
import { principalArn, roleArn } from './arn.ts'
import type { RequestContext } from './condition.ts'
import { type PrincipalKind, readPolicy, readTrust } from './document.ts'
import { type Decision, evaluate, evaluateTrust } from './evaluate.ts'

/** Decides whether a principal may currently perform an action on a resource, by the policies attached to it. */
export function decide(
  state: CloudState,
  { kind, accountId, name }: Principal,
  action: string,
  resource: string,
  context: RequestContext,
): Decision {
  const ram = state.accounts.get(accountId)?.ram
  const holder = (kind === 'user' ? ram?.User : ram?.Role)?.get(name.toLowerCase())
  const statements = [...(holder?.policies ?? [])].flatMap(({ versions, defaultVersion }) =>
    readPolicy(versions.get(defaultVersion) ?? ''),
  )
  return evaluate(statements, { action, resource, context }).decision
}

/** The error of RAM and STS for a denied call (403), with the body field that the vendor adds. */
export function noPermission(principal: Principal, action: string, decision: Decision): ApiError {
  const isRole = principal.kind === 'role'
  const { name } = principal
  const AccessDeniedDetail = {
    AuthAction: action,
    AuthPrincipalDisplayName: isRole ? `${name}:${principal.session.name}` : name,
    AuthPrincipalOwnerId: principal.accountId,
    AuthPrincipalType: isRole ? 'AssumedRoleUser' : 'SubUser',
    NoPermissionType: decision === 'explicit-deny' ? 'ExplicitDeny' : 'ImplicitDeny',
    PolicyType: 'AccountLevelIdentityBasedPolicy',
    EncodedDiagnosticMessage: Buffer.from(JSON.stringify({ action, decision, principal: name })).toString('base64'),
  }
  const message = 'You are not authorized to do this action. You should be authorized by RAM.'
  return new ApiError(403, 'NoPermission', message, { AccessDeniedDetail })
}

/**
 * Decides by a role's trust policy whether a RAM user or role may assume it; the caller's own policies have to allow
 * the call as well. An account's root in `Principal` means all users and roles of that account. Source: RAM, "Policy
 * evaluation process of assuming a RAM role".
 */
export function trustDecision(role: Role, principal: Principal, context: RequestContext): Decision {
  const names = [`acs:ram::${principal.accountId}:root`, principalArn(principal)]
  if (principal.kind === 'role') names.push(roleArn(principal.accountId, principal.name))
  return evaluateTrust(readTrust(role.trust), { kind: 'RAM', names }, context).decision
}

/** Whether a role trusts a cloud service such as `ecs.aliyuncs.com`, or an identity provider in the context of a token. */
export function trusts(role: Role, kind: PrincipalKind, name: string, context: RequestContext = new Map()): boolean {
  return evaluateTrust(readTrust(role.trust), { kind, names: [name] }, context).decision === 'allow'
}
