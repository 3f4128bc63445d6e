import type { Principal, Role } from '../state.ts'
import type { RequestContext } from './condition.ts'
import { readTrust } from './document.ts'
import { type Decision, type Entity, evaluateTrust } from './evaluate.ts'
import { principalArn, roleArn } from './views.ts'

/**
 * What a role's trust policy says of this RAM user or role; the caller's own policies have to allow the call as well. Source: RAM,
 * "Policy evaluation process of assuming a RAM role". An account's root stands for all users and roles of that account.
 */
export function trustDecision(role: Role, principal: Principal, context: RequestContext): Decision {
  const names = [`acs:ram::${principal.accountId}:root`, principalArn(principal)]
  if (principal.kind === 'role') names.push(roleArn(principal.accountId, principal.name))
  return decide(role, { kind: 'RAM', names }, context)
}

/** Whether it trusts this identity provider under these conditions (`oidc:iss`, `oidc:aud`, `oidc:sub`). */
export function trustsProvider(role: Role, providerArn: string, context: RequestContext): boolean {
  return decide(role, { kind: 'Federated', names: [providerArn] }, context) === 'allow'
}

/** Whether it trusts a service of the cloud, such as `ecs.aliyuncs.com`. */
export function trustsService(role: Role, service: string): boolean {
  return decide(role, { kind: 'Service', names: [service] }, new Map()) === 'allow'
}

function decide(role: Role, entity: Entity, context: RequestContext): Decision {
  return evaluateTrust(readTrust(role.trust), entity, context).decision
}
