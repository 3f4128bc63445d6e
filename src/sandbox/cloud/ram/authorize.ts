import { ApiError } from '../operation.ts'
import type { CloudState, Principal, RamState, Role } from '../state.ts'
import type { RequestContext } from './condition.ts'
import { readPolicy, readTrust, type Statement } from './document.ts'
import { type Decision, type Entity, evaluate, evaluateTrust } from './evaluate.ts'
import { findPolicy } from './lookup.ts'
import { principalArn, roleArn } from './ram-views.ts'

/** The statements of all policies attached to a user or role; empty if the user or role does not exist. */
function attachedStatements(ram: RamState, on: 'user' | 'role', name: string): readonly Statement[] {
  const principal = name.toLowerCase()
  if (!(on === 'user' ? ram.users : ram.roles).has(principal)) return []
  const attached = ram.attachments.filter((item) => item.on === on && item.principal === principal)
  return attached.flatMap((item) => {
    const { versions, defaultVersion } = findPolicy(ram, item.policy, item.type)
    return readPolicy(versions.find(({ id }) => id === defaultVersion)?.document ?? '')
  })
}

/** Decides whether a principal may currently perform an action on a resource. */
export function decide(
  state: CloudState,
  principal: Principal,
  action: string,
  resource: string,
  context: RequestContext,
): Decision {
  const ram = state.accounts.get(principal.accountId)?.ram
  if (ram === undefined) return 'implicit-deny'
  return evaluate(attachedStatements(ram, principal.kind, principal.name), { action, resource, context }).decision
}

/** The body field that the vendor adds when RAM denies a call. */
export function accessDeniedDetail(principal: Principal, action: string, decision: Decision): Record<string, string> {
  const isRole = principal.kind === 'role'
  const { name } = principal
  return {
    AuthAction: action,
    AuthPrincipalDisplayName: isRole ? `${name}:${principal.session.name}` : name,
    AuthPrincipalOwnerId: principal.accountId,
    AuthPrincipalType: isRole ? 'AssumedRoleUser' : 'SubUser',
    NoPermissionType: decision === 'explicit-deny' ? 'ExplicitDeny' : 'ImplicitDeny',
    PolicyType: 'AccountLevelIdentityBasedPolicy',
    EncodedDiagnosticMessage: Buffer.from(JSON.stringify({ action, decision, principal: name })).toString('base64'),
  }
}

/** The error of RAM and STS for a denied call (403). */
export function noPermission(principal: Principal, action: string, decision: Decision): ApiError {
  const message = 'You are not authorized to do this action. You should be authorized by RAM.'
  return new ApiError(403, 'NoPermission', message, {
    AccessDeniedDetail: accessDeniedDetail(principal, action, decision),
  })
}

/**
 * Decides by a role's trust policy whether a RAM user or role may assume it; the caller's own policies have to allow
 * the call as well. An account's root in `Principal` means all users and roles of that account. Source: RAM, "Policy
 * evaluation process of assuming a RAM role".
 */
export function trustDecision(role: Role, principal: Principal, context: RequestContext): Decision {
  const names = [`acs:ram::${principal.accountId}:root`, principalArn(principal)]
  if (principal.kind === 'role') names.push(roleArn(principal.accountId, principal.name))
  return decideTrust(role, { kind: 'RAM', names }, context)
}

/** Whether a role trusts an identity provider in this context (`oidc:iss`, `oidc:aud`, `oidc:sub`). */
export function trustsProvider(role: Role, providerArn: string, context: RequestContext): boolean {
  return decideTrust(role, { kind: 'Federated', names: [providerArn] }, context) === 'allow'
}

/** Whether a role trusts a cloud service, such as `ecs.aliyuncs.com`. */
export function trustsService(role: Role, service: string): boolean {
  return decideTrust(role, { kind: 'Service', names: [service] }, new Map()) === 'allow'
}

function decideTrust(role: Role, entity: Entity, context: RequestContext): Decision {
  return evaluateTrust(readTrust(role.trust), entity, context).decision
}
