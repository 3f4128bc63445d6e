import { ApiError, type Call, isoDate, operationsOf } from '../operation.ts'
import type { Policy, RamState } from '../state.ts'
import { addPolicy, addVersion, entityOf, newName, resourceOf } from './entities.ts'
import { DESCRIPTION, POLICY, POLICY_DOCUMENT, TYPED_POLICY } from './rules.ts'
import { findPolicy } from './system-policies.ts'
import { readTags } from './tagging.ts'

const MAX_VERSIONS = 5
const ROTATE = 'DeleteOldestNonDefaultVersionWhenLimitExceeded'

export const policyOf = (call: Call): Policy => {
  return findPolicy(call.account.ram, call.need('PolicyName'), call.need('PolicyType'))
}

/** The roles and users that a policy is attached to. */
export function holdersOf(ram: RamState, policy: Policy) {
  const roles = [...ram.Role.values()].filter(({ policies }) => policies.has(policy))
  return { roles, users: [...ram.User.values()].filter(({ policies }) => policies.has(policy)) }
}

function policyView({ account }: Call, policy: Policy): object {
  const { roles, users } = holdersOf(account.ram, policy)
  return {
    PolicyName: policy.name,
    PolicyType: policy.type,
    Description: policy.description,
    DefaultVersion: policy.defaultVersion,
    CreateDate: isoDate(policy.created),
    UpdateDate: isoDate(policy.updated),
    AttachmentCount: roles.length + users.length,
  }
}

function versionView({ versions, defaultVersion }: Policy, id: string): object {
  return { VersionId: id, IsDefaultVersion: id === defaultVersion, PolicyDocument: versions.get(id) }
}

function getPolicy(call: Call): object {
  const policy = policyOf(call)
  return { Policy: policyView(call, policy), DefaultPolicyVersion: versionView(policy, policy.defaultVersion) }
}

function createPolicy(call: Call): object {
  const given = { name: newName(call, 'Policy'), description: call.get('Description') ?? '', tags: readTags(call) }
  const policy = addPolicy(
    call.account.ram,
    call.state.now(),
    call.need('PolicyDocument'),
    given,
    call.state.settings.reading.notResource,
  )
  return { Policy: policyView(call, policy) }
}

function createPolicyVersion(call: Call): object {
  const policy = entityOf(call, 'Policy')
  const isFull = policy.versions.size >= MAX_VERSIONS
  if (isFull && call.get('RotateStrategy') !== ROTATE) {
    throw new ApiError(409, 'LimitExceeded.Policy.Version', 'The count of policy versions beyond the current limits.')
  }
  const id = addVersion(policy, call.state.now(), call.need('PolicyDocument'), call.state.settings.reading.notResource)
  if (isFull) policy.versions.delete([...policy.versions.keys()].find((one) => one !== policy.defaultVersion) ?? '')
  if (call.get('SetAsDefault') === 'true') policy.defaultVersion = id
  return { PolicyVersion: versionView(policy, id) }
}

function deletePolicy(call: Call): object {
  const { ram } = call.account
  const policy = entityOf(call, 'Policy')
  const { roles, users } = holdersOf(ram, policy)
  for (const [kind, holders] of Object.entries({ Role: roles, User: users })) {
    if (holders.length === 0) continue
    const message = `The policy is attached to one or more ${kind.toLowerCase()}s.`
    throw new ApiError(409, `DeleteConflict.Policy.${kind}`, message)
  }
  if (policy.versions.size > 1 && call.get('CascadingDelete') !== 'true') {
    const message = 'The policy has non-default versions, which must be deleted first.'
    throw new ApiError(409, 'DeleteConflict.Policy.Version', message)
  }
  ram.Policy.delete(policy.name.toLowerCase())
  return {}
}

function updatePolicyDescription(call: Call): object {
  const policy = entityOf(call, 'Policy')
  policy.description = call.get('NewDescription') ?? ''
  policy.updated = call.state.now()
  return { Policy: policyView(call, policy) }
}

function listPolicyVersions(call: Call): object {
  const policy = policyOf(call)
  return { PolicyVersions: { PolicyVersion: [...policy.versions.keys()].map((id) => versionView(policy, id)) } }
}

const resource = resourceOf('Policy')
const DOCUMENT = { ...POLICY, PolicyDocument: POLICY_DOCUMENT }

/** RAM 2015-05-01: policies and their versions. */
export const RAM_POLICY_OPERATIONS = operationsOf('Ram', '2015-05-01', {
  GetPolicy: [resource, TYPED_POLICY, getPolicy],
  ListPolicyVersions: [resource, TYPED_POLICY, listPolicyVersions],
  CreatePolicy: [resource, { ...DOCUMENT, Description: DESCRIPTION }, createPolicy],
  CreatePolicyVersion: [resource, { ...DOCUMENT, RotateStrategy: { oneOf: ['None', ROTATE] } }, createPolicyVersion],
  DeletePolicy: [resource, POLICY, deletePolicy],
  UpdatePolicyDescription: [resource, { ...POLICY, NewDescription: DESCRIPTION }, updatePolicyDescription],
})
