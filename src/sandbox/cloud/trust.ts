import { principalArn, roleArn } from './arn.ts'
import type { ConditionContext } from './ram-condition.ts'
import { parseDocument, type Statement } from './ram-document.ts'
import { applies } from './ram-evaluate.ts'
import type { Principal, Role } from './state.ts'

/** Does a role's trust policy name this RAM principal? An account's root ARN stands for everybody in that account. */
export function trustsPrincipal(role: Role, principal: Principal, context: ConditionContext): boolean {
  const names = [`acs:ram::${principal.accountId}:root`, principalArn(principal)]
  if (principal.kind === 'role') names.push(roleArn(principal.accountId, principal.name))
  return trusts(role, context, (statement) => {
    return (
      statement.principals?.ram.some((name) => names.some((own) => own.toLowerCase() === name.toLowerCase())) ?? false
    )
  })
}

/** Does it trust this identity provider under these conditions (`oidc:iss`, `oidc:aud`, `oidc:sub`)? */
export function trustsProvider(role: Role, providerArn: string, context: ConditionContext): boolean {
  return trusts(role, context, (statement) => statement.principals?.federated.includes(providerArn) ?? false)
}

/** Does it trust a service of the cloud, such as `ecs.aliyuncs.com`? */
export function trustsService(role: Role, service: string): boolean {
  return trusts(role, new Map(), (statement) => statement.principals?.service.includes(service) ?? false)
}

function trusts(role: Role, context: ConditionContext, named: (statement: Statement) => boolean): boolean {
  const request = { action: 'sts:AssumeRole', resource: '*', context }
  const relevant = parseDocument(role.trust, 'trust').filter((item) => named(item) && applies(item, request))
  return relevant.some((item) => item.effect === 'Allow') && relevant.every((item) => item.effect === 'Allow')
}
