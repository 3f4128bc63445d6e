import { ApiError } from '../api-error.ts'
import { markerPage } from '../http/paging.ts'
import { type Call, type Operation, operationsOf } from '../operation.ts'
import type { Policy, PolicyType, PolicyVersion } from '../state.ts'
import { rememberRam } from './authorize.ts'
import { checkDocument, findAnyPolicy, findPolicy, findVersion } from './lookup.ts'
import { policyView, tagViews, versionView } from './ram-views.ts'
import {
  all,
  DESCRIPTION,
  PAGE_PARAMETERS,
  POLICY_DOCUMENT,
  POLICY_NAME,
  POLICY_TYPE,
  policyResource,
  VERSION_ID,
} from './rules.ts'
import { SYSTEM_POLICIES } from './system-policies.ts'
import { hasTags, readTags } from './tagging.ts'

const MAX_VERSIONS = 5
const MAX_POLICIES = 1500

const anyPolicy = (call: Call): Policy => {
  return findAnyPolicy(call.account.ram, call.need('PolicyName'), call.need('PolicyType') as PolicyType)
}

function getPolicy(call: Call): object {
  const policy = anyPolicy(call)
  const version = findVersion(policy, policy.defaultVersion)
  return {
    Policy: policyView(call.account, policy, call.need('PolicyType') as PolicyType),
    DefaultPolicyVersion: versionView(policy, version),
  }
}

function createPolicy(call: Call): object {
  const [name, document] = [call.need('PolicyName'), call.need('PolicyDocument')]
  const { ram } = call.account
  if (ram.policies.has(name.toLowerCase())) {
    throw new ApiError(409, 'EntityAlreadyExists.Policy', `The policy already exists: ${name} .`)
  }
  checkDocument(document, 'policy')
  if (ram.policies.size >= MAX_POLICIES) {
    throw new ApiError(409, 'LimitExceeded.Policy', 'The count of policies beyond the current limits.')
  }
  const now = call.state.now()
  rememberRam(call.state, call.account.id)
  const policy: Policy = {
    name,
    description: call.get('Description') ?? '',
    tags: new Map(readTags(call)),
    created: now,
    updated: now,
    defaultVersion: 'v1',
    nextVersion: 2,
    versions: [{ id: 'v1', document, created: now }],
  }
  ram.policies.set(name.toLowerCase(), policy)
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
  rememberRam(call.state, call.account.id)
  if (policy.versions.length >= MAX_VERSIONS) {
    const oldest = policy.versions.find((version) => version.id !== policy.defaultVersion)
    policy.versions = policy.versions.filter((version) => version !== oldest)
  }
  const version: PolicyVersion = { id: `v${policy.nextVersion}`, document, created: call.state.now() }
  policy.nextVersion += 1
  policy.versions.push(version)
  if (call.get('SetAsDefault') === 'true') policy.defaultVersion = version.id
  policy.updated = version.created
  return { PolicyVersion: versionView(policy, version) }
}

function setDefaultPolicyVersion(call: Call): object {
  const policy = findPolicy(call.account.ram, call.need('PolicyName'))
  const version = findVersion(policy, call.need('VersionId'))
  rememberRam(call.state, call.account.id)
  policy.defaultVersion = version.id
  policy.updated = call.state.now()
  return {}
}

function deletePolicyVersion(call: Call): object {
  const policy = findPolicy(call.account.ram, call.need('PolicyName'))
  const version = findVersion(policy, call.need('VersionId'))
  if (version.id === policy.defaultVersion) {
    throw new ApiError(409, 'DeleteConflict.Policy.Version.Default', 'The default policy version cannot be deleted.')
  }
  policy.versions = policy.versions.filter((item) => item !== version)
  return {}
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

function listPolicies(call: Call): object {
  const requestedType = call.get('PolicyType')
  const custom = [...call.account.ram.policies.values()].map((policy) => ({ policy, type: 'Custom' as const }))
  const system = [...SYSTEM_POLICIES.keys()].map((name) => {
    return { policy: findAnyPolicy(call.account.ram, name, 'System'), type: 'System' as const }
  })
  const tags = readTags(call)
  const chosen = [...system, ...custom].filter(({ policy, type }) => {
    return (requestedType === undefined || requestedType === type) && hasTags(policy.tags, tags)
  })
  const { items, ...page } = markerPage(call, chosen)
  const views = items.map(({ policy, type }) => ({
    ...policyView(call.account, policy, type),
    Tags: tagViews(policy.tags),
  }))
  return { ...page, Policies: { Policy: views } }
}

function updatePolicyDescription(call: Call): object {
  const policy = findPolicy(call.account.ram, call.need('PolicyName'))
  policy.description = call.get('NewDescription') ?? ''
  policy.updated = call.state.now()
  return { Policy: policyView(call.account, policy, 'Custom') }
}

const BY_NAME = { PolicyName: POLICY_NAME, PolicyType: POLICY_TYPE }
const ROTATE = {
  oneOf: ['None', 'DeleteOldestNonDefaultVersionWhenLimitExceeded'],
  code: 'InvalidParameter.RotateStrategy',
}

/** RAM 2015-05-01: policies and their versions. */
export const RAM_POLICY_OPERATIONS: readonly Operation[] = operationsOf('Ram', '2015-05-01', [
  { name: 'GetPolicy', action: 'ram:GetPolicy', resources: policyResource, parameters: BY_NAME, handler: getPolicy },
  {
    name: 'GetPolicyVersion',
    action: 'ram:GetPolicyVersion',
    resources: policyResource,
    parameters: { ...BY_NAME, VersionId: VERSION_ID },
    handler: (call) => {
      const policy = anyPolicy(call)
      return { PolicyVersion: versionView(policy, findVersion(policy, call.need('VersionId'))) }
    },
  },
  {
    name: 'ListPolicyVersions',
    action: 'ram:ListPolicyVersions',
    resources: policyResource,
    parameters: BY_NAME,
    handler: (call) => {
      const policy = anyPolicy(call)
      return { PolicyVersions: { PolicyVersion: policy.versions.map((version) => versionView(policy, version)) } }
    },
  },
  {
    name: 'ListPolicies',
    action: 'ram:ListPolicies',
    resources: all('policy'),
    parameters: { ...PAGE_PARAMETERS, PolicyType: { ...POLICY_TYPE, required: false } },
    handler: listPolicies,
  },
  {
    name: 'CreatePolicy',
    write: true,
    action: 'ram:CreatePolicy',
    resources: policyResource,
    parameters: { PolicyName: POLICY_NAME, PolicyDocument: POLICY_DOCUMENT, Description: DESCRIPTION },
    handler: createPolicy,
  },
  {
    name: 'CreatePolicyVersion',
    write: true,
    action: 'ram:CreatePolicyVersion',
    resources: policyResource,
    parameters: { PolicyName: POLICY_NAME, PolicyDocument: POLICY_DOCUMENT, RotateStrategy: ROTATE },
    handler: createPolicyVersion,
  },
  {
    name: 'SetDefaultPolicyVersion',
    write: true,
    action: 'ram:SetDefaultPolicyVersion',
    resources: policyResource,
    parameters: { PolicyName: POLICY_NAME, VersionId: VERSION_ID },
    handler: setDefaultPolicyVersion,
  },
  {
    name: 'DeletePolicyVersion',
    write: true,
    action: 'ram:DeletePolicyVersion',
    resources: policyResource,
    parameters: { PolicyName: POLICY_NAME, VersionId: VERSION_ID },
    handler: deletePolicyVersion,
  },
  {
    name: 'DeletePolicy',
    write: true,
    action: 'ram:DeletePolicy',
    resources: policyResource,
    parameters: { PolicyName: POLICY_NAME },
    handler: deletePolicy,
  },
  {
    name: 'UpdatePolicyDescription',
    write: true,
    action: 'ram:UpdatePolicyDescription',
    resources: policyResource,
    parameters: { PolicyName: POLICY_NAME, NewDescription: DESCRIPTION },
    handler: updatePolicyDescription,
  },
])
