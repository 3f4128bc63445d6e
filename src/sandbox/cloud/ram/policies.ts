import { ApiError, type Call, rpcOperations } from '../operation.ts'
import type { Policy, PolicyType, PolicyVersion } from '../state.ts'
import { addPolicy } from './entities.ts'
import { alreadyExists, checkDocument, findPolicy } from './lookup.ts'
import { policyView, versionView } from './ram-views.ts'
import { DESCRIPTION, POLICY_DOCUMENT, POLICY_NAME, POLICY_TYPE, policyResource } from './rules.ts'
import { readTags } from './tagging.ts'

const MAX_VERSIONS = 5

const anyPolicy = (call: Call): Policy => {
  return findPolicy(call.account.ram, call.need('PolicyName'), call.need('PolicyType') as PolicyType)
}

function getPolicy(call: Call): object {
  const policy = anyPolicy(call)
  const version = policy.versions.find(({ id }) => id === policy.defaultVersion)
  return {
    Policy: policyView(call.account, policy, call.need('PolicyType') as PolicyType),
    DefaultPolicyVersion: version && versionView(policy, version),
  }
}

function createPolicy(call: Call): object {
  const [name, document] = [call.need('PolicyName'), call.need('PolicyDocument')]
  const { ram } = call.account
  if (ram.policies.has(name.toLowerCase())) throw alreadyExists('Policy', name)
  checkDocument(document, 'policy')
  const description = call.get('Description') ?? ''
  const policy = addPolicy(ram, call.state.now(), { name, document, description, tags: new Map(readTags(call)) })
  return { Policy: policyView(call.account, policy, 'Custom') }
}

function createPolicyVersion(call: Call): object {
  const policy = findPolicy(call.account.ram, call.need('PolicyName'))
  const document = call.need('PolicyDocument')
  checkDocument(document, 'policy')
  if (
    policy.versions.length >= MAX_VERSIONS &&
    call.get('RotateStrategy') !== 'DeleteOldestNonDefaultVersionWhenLimitExceeded'
  ) {
    throw new ApiError(409, 'LimitExceeded.Policy.Version', 'The count of policy versions beyond the current limits.')
  }
  if (policy.versions.length >= MAX_VERSIONS) {
    const oldest = policy.versions.find((version) => version.id !== policy.defaultVersion)
    policy.versions = policy.versions.filter((version) => version !== oldest)
  }
  const version: PolicyVersion = { id: `v${policy.nextVersion}`, document }
  policy.nextVersion += 1
  policy.versions.push(version)
  if (call.get('SetAsDefault') === 'true') policy.defaultVersion = version.id
  policy.updated = call.state.now()
  return { PolicyVersion: versionView(policy, version) }
}

function deletePolicy(call: Call): object {
  const { ram } = call.account
  const policy = findPolicy(ram, call.need('PolicyName'))
  const name = policy.name.toLowerCase()
  const user = ram.attachments.find((item) => item.type === 'Custom' && item.policy === name)
  if (user !== undefined) {
    const code = user.on === 'role' ? 'DeleteConflict.Policy.Role' : 'DeleteConflict.Policy.User'
    throw new ApiError(409, code, `The policy is attached to one or more ${user.on}s.`)
  }
  if (policy.versions.length > 1 && call.get('CascadingDelete') !== 'true') {
    throw new ApiError(
      409,
      'DeleteConflict.Policy.Version',
      'The policy has non-default versions, which must be deleted first.',
    )
  }
  ram.policies.delete(name)
  return {}
}

function updatePolicyDescription(call: Call): object {
  const policy = findPolicy(call.account.ram, call.need('PolicyName'))
  policy.description = call.get('NewDescription') ?? ''
  policy.updated = call.state.now()
  return { Policy: policyView(call.account, policy, 'Custom') }
}

function listPolicyVersions(call: Call): object {
  const policy = anyPolicy(call)
  return { PolicyVersions: { PolicyVersion: policy.versions.map((version) => versionView(policy, version)) } }
}

const NAME = { PolicyName: POLICY_NAME }
const BY_NAME = { ...NAME, PolicyType: POLICY_TYPE }
const ROTATE = {
  oneOf: ['None', 'DeleteOldestNonDefaultVersionWhenLimitExceeded'],
  code: 'InvalidParameter.RotateStrategy',
}

/** RAM 2015-05-01: policies and their versions. */
export const RAM_POLICY_OPERATIONS = rpcOperations('Ram', '2015-05-01', {
  GetPolicy: [policyResource, BY_NAME, getPolicy],
  ListPolicyVersions: [policyResource, BY_NAME, listPolicyVersions],
  CreatePolicy: [policyResource, { ...NAME, PolicyDocument: POLICY_DOCUMENT, Description: DESCRIPTION }, createPolicy],
  CreatePolicyVersion: [
    policyResource,
    { ...NAME, PolicyDocument: POLICY_DOCUMENT, RotateStrategy: ROTATE },
    createPolicyVersion,
  ],
  DeletePolicy: [policyResource, NAME, deletePolicy],
  UpdatePolicyDescription: [policyResource, { ...NAME, NewDescription: DESCRIPTION }, updatePolicyDescription],
})
