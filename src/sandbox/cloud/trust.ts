import type { ConditionContext } from '../../policy/ram-condition.ts'
import { trustAllows } from '../../policy/ram-evaluate.ts'
import { type Principals, parseStatements } from '../../policy/ram-statement.ts'
import { principalArn, roleArn } from './arn.ts'
import type { Principal, Role } from './state.ts'

/** Does a role's trust policy name this RAM principal? An account's root ARN stands for everybody in that account. */
export function trustsPrincipal(role: Role, principal: Principal, context: ConditionContext): boolean {
  const names = [`acs:ram::${principal.accountId}:root`, principalArn(principal)]
  if (principal.kind === 'role') names.push(roleArn(principal.accountId, principal.name))
  return trusts(role, context, ({ ram }) => {
    return ram.some((name) => names.some((own) => own.toLowerCase() === name.toLowerCase()))
  })
}

/** Does it trust this identity provider under these conditions (`oidc:iss`, `oidc:aud`, `oidc:sub`)? */
export function trustsProvider(role: Role, providerArn: string, context: ConditionContext): boolean {
  return trusts(role, context, ({ federated }) => federated.includes(providerArn))
}

/** Does it trust a service of the cloud, such as `ecs.aliyuncs.com`? */
export function trustsService(role: Role, service: string): boolean {
  return trusts(role, new Map(), (principals) => principals.service.includes(service))
}

function trusts(role: Role, context: ConditionContext, named: (principals: Principals) => boolean): boolean {
  return trustAllows(parseStatements(role.trust, 'trust'), context, named)
}
