import { ApiError, type Call, rpcOperations } from '../operation.ts'
import { addRole } from './entities.ts'
import { alreadyExists, checkDocument, findRole } from './lookup.ts'
import { roleView } from './ram-views.ts'
import { DESCRIPTION, ROLE_NAME, roleResource, SESSION_SECONDS, TRUST_DOCUMENT } from './rules.ts'
import { readTags } from './tagging.ts'

const getRole = (call: Call): object => ({
  Role: roleView(call.account, findRole(call.account.ram, call.need('RoleName'))),
})

function createRole(call: Call): object {
  const [name, trust] = [call.need('RoleName'), call.need('AssumeRolePolicyDocument')]
  const { roles } = call.account.ram
  if (roles.has(name.toLowerCase())) throw alreadyExists('Role', name)
  checkDocument(trust, 'trust')
  const role = addRole(call.account.ram, {
    name,
    description: call.get('Description') ?? '',
    trust,
    maxSessionSeconds: Number(call.get('MaxSessionDuration') ?? 3600),
    tags: new Map(readTags(call)),
  })
  return { Role: roleView(call.account, role) }
}

function updateRole(call: Call): object {
  const role = findRole(call.account.ram, call.need('RoleName'))
  const trust = call.get('NewAssumeRolePolicyDocument')
  if (trust !== undefined) checkDocument(trust, 'trust')
  role.trust = trust ?? role.trust
  role.description = call.get('NewDescription') ?? role.description
  role.maxSessionSeconds = Number(call.get('NewMaxSessionDuration') ?? role.maxSessionSeconds)
  return { Role: roleView(call.account, role) }
}

function deleteRole(call: Call): object {
  const { ram } = call.account
  const name = findRole(ram, call.need('RoleName')).name.toLowerCase()
  if (ram.attachments.some((item) => item.on === 'role' && item.principal === name)) {
    throw new ApiError(
      409,
      'DeleteConflict.Role.Policy',
      'The role has attached policies, which must be detached first.',
    )
  }
  ram.roles.delete(name)
  return {}
}

const NAME = { RoleName: ROLE_NAME }
const SETTINGS = { Description: DESCRIPTION, MaxSessionDuration: SESSION_SECONDS }
const NEW_SETTINGS = {
  NewAssumeRolePolicyDocument: { ...TRUST_DOCUMENT, required: false },
  NewDescription: DESCRIPTION,
  NewMaxSessionDuration: SESSION_SECONDS,
}

/** RAM 2015-05-01: roles. */
export const RAM_ROLE_OPERATIONS = rpcOperations('Ram', '2015-05-01', {
  GetRole: [roleResource, NAME, getRole],
  CreateRole: [roleResource, { ...NAME, ...SETTINGS, AssumeRolePolicyDocument: TRUST_DOCUMENT }, createRole],
  UpdateRole: [roleResource, { ...NAME, ...NEW_SETTINGS }, updateRole],
  DeleteRole: [roleResource, NAME, deleteRole],
})
