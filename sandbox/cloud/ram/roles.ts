import { orElse } from '../../../src/lib/or-else.ts'
import { ApiError, type Call, operationsOf } from '../operation.ts'
import type { Role } from '../state.ts'
import { roleArn } from './arn.ts'
import type { RequestContext } from './condition.ts'
import { readTrust } from './document.ts'
import { addRole, entityOf, newName, resourceOf } from './entities.ts'
import { DESCRIPTION, ROLE, SESSION_SECONDS, TRUST_DOCUMENT } from './rules.ts'
import { readTags } from './tagging.ts'

function roleView({ account }: Call, role: Role): object {
  return {
    Role: {
      RoleName: role.name,
      RoleId: role.id,
      Arn: roleArn(account.id, role.name),
      Description: role.description,
      AssumeRolePolicyDocument: role.trust,
      MaxSessionDuration: role.maxSessionSeconds,
    },
  }
}

function createRole(call: Call): object {
  const role = addRole(call.account.ram, {
    name: newName(call, 'Role'),
    description: call.get('Description') ?? '',
    trust: call.need('AssumeRolePolicyDocument'),
    maxSessionSeconds: Number(call.get('MaxSessionDuration') ?? 3600),
    tags: readTags(call),
  })
  return roleView(call, role)
}

function updateRole(call: Call): object {
  const old = entityOf(call, 'Role')
  const role = addRole(call.account.ram, {
    ...old,
    trust: call.get('NewAssumeRolePolicyDocument') ?? old.trust,
    description: call.get('NewDescription') ?? old.description,
    maxSessionSeconds: Number(call.get('NewMaxSessionDuration') ?? old.maxSessionSeconds),
  })
  return roleView(call, role)
}

function deleteRole(call: Call): object {
  const { name, policies } = entityOf(call, 'Role')
  if (policies.size > 0) {
    const message = 'The role has attached policies, which must be detached first.'
    throw new ApiError(409, 'DeleteConflict.Role.Policy', message)
  }
  call.account.ram.Role.delete(name.toLowerCase())
  return {}
}

/**
 * The condition keys of CreateRole: `ram:TrustedPrincipalTypes` and `ram:ServiceNames`
 * (https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createrole).
 * Empty for a malformed document, which is refused afterwards.
 */
function trustContext(call: Call): RequestContext {
  const statements = orElse(() => readTrust(call.need('AssumeRolePolicyDocument')), [])
  const kinds = statements.flatMap(({ principal }) => Object.keys(principal))
  const services = statements.flatMap(({ principal }) => principal.Service ?? [])
  return new Map([
    ['ram:TrustedPrincipalTypes', [...new Set(kinds)]],
    ['ram:ServiceNames', [...new Set(services)]],
  ])
}

const resource = resourceOf('Role')
const SETTINGS = { Description: DESCRIPTION, MaxSessionDuration: SESSION_SECONDS }
const NEW_SETTINGS = {
  NewAssumeRolePolicyDocument: TRUST_DOCUMENT,
  NewDescription: DESCRIPTION,
  NewMaxSessionDuration: SESSION_SECONDS,
}
const TRUST = { AssumeRolePolicyDocument: { ...TRUST_DOCUMENT, required: true } }

/** RAM 2015-05-01: roles. */
export const RAM_ROLE_OPERATIONS = operationsOf('Ram', '2015-05-01', {
  GetRole: [resource, ROLE, (call) => roleView(call, entityOf(call, 'Role'))],
  CreateRole: [resource, { ...ROLE, ...SETTINGS, ...TRUST }, createRole, { context: trustContext }],
  UpdateRole: [resource, { ...ROLE, ...NEW_SETTINGS }, updateRole],
  DeleteRole: [resource, ROLE, deleteRole],
})
