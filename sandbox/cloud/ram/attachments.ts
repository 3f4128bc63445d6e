import { ApiError, type Call, operationsOf } from '../operation.ts'
import { roleArn } from './arn.ts'
import { entityOf, resourceOf } from './entities.ts'
import { holdersOf, policyOf } from './policies.ts'
import { ROLE, TYPED_POLICY, USER } from './rules.ts'

type Holder = 'Role' | 'User'

const LIMITS = { Custom: 10, System: 20 } as const

const attach = (kind: Holder) => (call: Call) => {
  const { policies } = entityOf(call, kind)
  const policy = policyOf(call)
  const holder = kind.toLowerCase()
  if (policies.has(policy)) {
    throw new ApiError(409, `EntityAlreadyExists.${kind}.Policy`, `The policy is already attached to the ${holder}.`)
  }
  if ([...policies].filter(({ type }) => type === policy.type).length >= LIMITS[policy.type]) {
    const message = `The count of policies attached to the ${holder} beyond the current limits.`
    throw new ApiError(409, `LimitExceeded.${kind}.Policy`, message)
  }
  policies.add(policy)
  return {}
}

const detach = (kind: Holder) => (call: Call) => {
  if (entityOf(call, kind).policies.delete(policyOf(call))) return {}
  const message = `The policy is not attached to the ${kind.toLowerCase()}.`
  throw new ApiError(404, `EntityNotExist.${kind}.Policy`, message)
}

function listForRole(call: Call): object {
  const Policy = [...entityOf(call, 'Role').policies].map(({ name, type, defaultVersion, description }) => {
    return { PolicyName: name, PolicyType: type, DefaultVersion: defaultVersion, Description: description }
  })
  return { Policies: { Policy } }
}

function listEntities(call: Call): object {
  const { roles, users } = holdersOf(call.account.ram, policyOf(call))
  const Role = roles.map(({ id: RoleId, name: RoleName, description: Description }) => {
    return { RoleId, RoleName, Arn: roleArn(call.account.id, RoleName), Description }
  })
  const User = users.map(({ id, name }) => ({ UserId: id, UserName: name, DisplayName: name }))
  return { Groups: { Group: [] }, Roles: { Role }, Users: { User } }
}

const both = (kind: Holder) => (call: Call) => [...resourceOf(kind)(call), ...resourceOf('Policy')(call)]
const ON_ROLE = { ...ROLE, ...TYPED_POLICY }
const ON_USER = { ...USER, ...TYPED_POLICY }

/** RAM 2015-05-01: attachment of policies to roles and users. */
export const RAM_ATTACH_OPERATIONS = operationsOf('Ram', '2015-05-01', {
  AttachPolicyToRole: [both('Role'), ON_ROLE, attach('Role')],
  DetachPolicyFromRole: [both('Role'), ON_ROLE, detach('Role')],
  ListPoliciesForRole: [resourceOf('Role'), ROLE, listForRole],
  AttachPolicyToUser: [both('User'), ON_USER, attach('User')],
  DetachPolicyFromUser: [both('User'), ON_USER, detach('User')],
  ListEntitiesForPolicy: [resourceOf('Policy'), TYPED_POLICY, listEntities],
})
