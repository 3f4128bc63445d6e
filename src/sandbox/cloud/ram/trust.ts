import type { Principal, Role } from '../state.ts'
import type { RequestContext } from './condition.ts'
import { readTrust } from './document.ts'
import { type Decision, type Entity, evaluateTrust } from './evaluate.ts'
import { principalArn, roleArn } from './ram-views.ts'

/**
 * Decides by a role's trust policy whether a RAM user or role may assume it; the caller's own policies have to allow
 * the call as well. An account's root in `Principal` means all users and roles of that account. Source: RAM, "Policy
 * evaluation process of assuming a RAM role".
 */
export function trustDecision(role: Role, principal: Principal, context: RequestContext): Decision {
  const names = [`acs:ram::${principal.accountId}:root`, principalArn(principal)]
  if (principal.kind === 'role') names.push(roleArn(principal.accountId, principal.name))
  return decide(role, { kind: 'RAM', names }, context)
}

/** Whether a role trusts an identity provider in this context (`oidc:iss`, `oidc:aud`, `oidc:sub`). */
export function trustsProvider(role: Role, providerArn: string, context: RequestContext): boolean {
  return decide(role, { kind: 'Federated', names: [providerArn] }, context) === 'allow'
}

/** Whether a role trusts a cloud service, such as `ecs.aliyuncs.com`. */
export function trustsService(role: Role, service: string): boolean {
  return decide(role, { kind: 'Service', names: [service] }, new Map()) === 'allow'
}

function decide(role: Role, entity: Entity, context: RequestContext): Decision {
  return evaluateTrust(readTrust(role.trust), entity, context).decision
}
