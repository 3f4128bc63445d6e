import { ApiError, type Call, type Operation, operationsOf, type ParameterRule } from '../operation.ts'
import { noPermission, trustDecision } from '../ram/authorize.ts'
import { requestContext } from '../ram/condition.ts'
import { principalArn } from '../ram/ram-views.ts'
import { assumeRoleWithOidc } from './assume-role-with-oidc.ts'
import { createSession, findRoleByArn } from './role-session.ts'

function getCallerIdentity(call: Call): object {
  const { principal, account } = call
  if (principal === undefined) throw new Error('an anonymous caller has no identity')
  const shared = { AccountId: account.id, Arn: principalArn(principal) }
  if (principal.kind === 'account') {
    return { ...shared, IdentityType: 'Account', UserId: account.id, PrincipalId: account.id }
  }
  if (principal.kind === 'user') {
    const id = account.ram.users.get(principal.name.toLowerCase())?.id ?? ''
    return { ...shared, IdentityType: 'RAMUser', UserId: id, PrincipalId: id }
  }
  const id = account.ram.roles.get(principal.name.toLowerCase())?.id ?? ''
  return { ...shared, IdentityType: 'AssumedRoleUser', RoleId: id, PrincipalId: `${id}:${principal.session.name}` }
}

function assumeRole(call: Call): object {
  const { principal } = call
  if (principal === undefined || principal.kind === 'account') {
    throw new ApiError(403, 'NoPermission', 'Roles may not be assumed by root accounts.')
  }
  const { role, accountId } = findRoleByArn(call)
  const context = new Map(requestContext(call))
  const externalId = call.get('ExternalId')
  if (externalId !== undefined) context.set('sts:ExternalId', [externalId])
  const trust = trustDecision(role, principal, context)
  if (trust !== 'allow') {
    const error = noPermission(principal, 'sts:AssumeRole', trust)
    const message =
      'No permission perform sts:AssumeRole on this Role. Maybe you are not authorized to perform sts:AssumeRole ' +
      'or the specified role does not trust you'
    throw new ApiError(error.status, error.code, message, error.extra)
  }
  return createSession(call, accountId, role, role.maxSessionSeconds)
}

const assumedRole = (call: Call): readonly string[] => [call.need('RoleArn').replace(/^acs:ram::/, 'acs:ram:*:')]

const SESSION: Readonly<Record<string, ParameterRule>> = {
  RoleArn: { required: true },
  RoleSessionName: { required: true, pattern: /^[A-Za-z0-9.@_-]{2,64}$/, code: 'InvalidParameter.RoleSessionName' },
  DurationSeconds: { integer: [900, 43_200], code: 'InvalidParameter.DurationSeconds' },
}

/** STS 2015-04-01. */
export const STS_OPERATIONS: readonly Operation[] = operationsOf('Sts', '2015-04-01', [
  { name: 'GetCallerIdentity', action: undefined, handler: getCallerIdentity },
  {
    name: 'AssumeRole',
    resources: assumedRole,
    parameters: { ...SESSION, ExternalId: { pattern: /^[\w+=,.@:/-]{2,1224}$/, code: 'InvalidParameter.ExternalId' } },
    handler: assumeRole,
  },
  {
    name: 'AssumeRoleWithOIDC',
    anonymous: true,
    action: undefined,
    parameters: { ...SESSION, OIDCProviderArn: { required: true }, OIDCToken: {} },
    handler: assumeRoleWithOidc,
  },
])
