import { ApiError, type Call, rpcOperations } from '../operation.ts'
import type { Attachment, PolicyType } from '../state.ts'
import { findPolicy, findRole, findUser } from './lookup.ts'
import { attachedPolicyView, roleArn } from './ram-views.ts'
import { POLICY_NAME, POLICY_TYPE, policyResource, ROLE_NAME, roleResource, USER_NAME, userResource } from './rules.ts'

type Kind = Attachment['on']

const LIMITS = { Custom: 10, System: 20 } as const

const principalName = (call: Call, on: Kind): string => {
  const { ram } = call.account
  return (
    on === 'role' ? findRole(ram, call.need('RoleName')) : findUser(ram, call.need('UserName'))
  ).name.toLowerCase()
}

function target(call: Call, on: Kind): { readonly title: string; readonly requested: Attachment } {
  const type = call.need('PolicyType') as PolicyType
  const principal = principalName(call, on)
  const policy = findPolicy(call.account.ram, call.need('PolicyName'), type).name.toLowerCase()
  return { title: on === 'role' ? 'Role' : 'User', requested: { on, principal, type, policy } }
}

const same = (a: Attachment, b: Attachment): boolean => {
  return a.on === b.on && a.principal === b.principal && a.type === b.type && a.policy === b.policy
}

const attach = (on: Kind) => (call: Call) => {
  const { title, requested } = target(call, on)
  const { attachments } = call.account.ram
  if (attachments.some((item) => same(requested, item))) {
    throw new ApiError(409, `EntityAlreadyExists.${title}.Policy`, `The policy is already attached to the ${on}.`)
  }
  const mine = attachments.filter(
    (item) => item.on === on && item.principal === requested.principal && item.type === requested.type,
  )
  if (mine.length >= LIMITS[requested.type]) {
    throw new ApiError(
      409,
      `LimitExceeded.${title}.Policy`,
      `The count of policies attached to the ${on} beyond the current limits.`,
    )
  }
  attachments.push(requested)
  return {}
}

const detach = (on: Kind) => (call: Call) => {
  const { title, requested } = target(call, on)
  const { attachments } = call.account.ram
  const index = attachments.findIndex((item) => same(requested, item))
  if (index < 0) throw new ApiError(404, `EntityNotExist.${title}.Policy`, `The policy is not attached to the ${on}.`)
  attachments.splice(index, 1)
  return {}
}

function listForRole(call: Call): object {
  const principal = principalName(call, 'role')
  const mine = call.account.ram.attachments.filter((item) => item.on === 'role' && item.principal === principal)
  const views = mine.map((item) => attachedPolicyView(findPolicy(call.account.ram, item.policy, item.type), item))
  return { Policies: { Policy: views } }
}

function listEntities(call: Call): object {
  const type = call.need('PolicyType') as PolicyType
  const name = findPolicy(call.account.ram, call.need('PolicyName'), type).name.toLowerCase()
  const found = call.account.ram.attachments.filter((item) => item.type === type && item.policy === name)
  const roles = found.flatMap((item) => {
    const role = call.account.ram.roles.get(item.principal)
    if (item.on !== 'role' || role === undefined) return []
    const { id: RoleId, name: RoleName, description: Description } = role
    return [{ RoleId, RoleName, Arn: roleArn(call.account.id, RoleName), Description }]
  })
  const users = found.flatMap((item) => {
    const user = call.account.ram.users.get(item.principal)
    if (item.on !== 'user' || user === undefined) return []
    return [{ UserId: user.id, UserName: user.name, DisplayName: user.name }]
  })
  return { Groups: { Group: [] }, Roles: { Role: roles }, Users: { User: users } }
}

const POLICY = { PolicyName: POLICY_NAME, PolicyType: POLICY_TYPE }
const ON_ROLE = { RoleName: ROLE_NAME, ...POLICY }
const ON_USER = { UserName: USER_NAME, ...POLICY }
const roleAndPolicy = (call: Call): readonly string[] => [...roleResource(call), ...policyResource(call)]
const userAndPolicy = (call: Call): readonly string[] => [...userResource(call), ...policyResource(call)]

/** RAM 2015-05-01: attachment of policies to roles and users. */
export const RAM_ATTACH_OPERATIONS = rpcOperations('Ram', '2015-05-01', {
  AttachPolicyToRole: [roleAndPolicy, ON_ROLE, attach('role')],
  DetachPolicyFromRole: [roleAndPolicy, ON_ROLE, detach('role')],
  ListPoliciesForRole: [roleResource, { RoleName: ROLE_NAME }, listForRole],
  AttachPolicyToUser: [userAndPolicy, ON_USER, attach('user')],
  DetachPolicyFromUser: [userAndPolicy, ON_USER, detach('user')],
  ListEntitiesForPolicy: [policyResource, POLICY, listEntities],
})
