import { ApiError } from '../operation.ts'
import type { Account, Policy, PolicyType, RamState, Role, User } from '../state.ts'
import { MalformedDocument, readPolicy, readTrust } from './document.ts'

/** Finds a role, ignoring case; like the functions below it throws the vendor's EntityNotExist code (404). */
export function findRole(ram: RamState, name: string): Role {
  const role = ram.roles.get(name.toLowerCase())
  if (role === undefined) throw new ApiError(404, 'EntityNotExist.Role', `The role not exists: ${name} .`)
  return role
}

export function findUser(ram: RamState, name: string): User {
  const user = ram.users.get(name.toLowerCase())
  if (user === undefined) throw new ApiError(404, 'EntityNotExist.User', `The user does not exist: ${name} .`)
  return user
}

export function findPolicy(ram: RamState, name: string): Policy {
  const policy = ram.policies.get(name.toLowerCase())
  if (policy === undefined) throw new ApiError(404, 'EntityNotExist.Policy', `The policy does not exist: ${name} .`)
  return policy
}

/** Returns a system policy in the form of a custom one, with a single version. */
export function findAnyPolicy(ram: RamState, name: string, type: PolicyType): Policy {
  if (type === 'Custom') return findPolicy(ram, name)
  const known = systemPolicyName(name)
  if (known === undefined) throw new ApiError(404, 'EntityNotExist.Policy', `The policy does not exist: ${name} .`)
  return {
    name: known,
    description: '',
    tags: new Map(),
    created: 0,
    updated: 0,
    defaultVersion: 'v1',
    nextVersion: 2,
    versions: [{ id: 'v1', document: SYSTEM_POLICIES.get(known) ?? '', created: 0 }],
  }
}

export function attachmentCount(account: Account, policy: string, type: PolicyType): number {
  const name = policy.toLowerCase()
  return account.ram.attachments.filter((item) => item.type === type && item.policy === name).length
}

/** RAM's limit on a custom policy, in bytes. */
export const MAX_POLICY_BYTES = 6144

/** @throws MalformedPolicyDocument (400) with the reason in the message */
export function checkDocument(document: string, kind: 'policy' | 'trust'): void {
  try {
    if (kind === 'policy') readPolicy(document)
    else readTrust(document)
  } catch (error) {
    if (!(error instanceof MalformedDocument)) throw error
    throw new ApiError(400, 'MalformedPolicyDocument', `The policy document is malformed: ${error.message}.`)
  }
}

const allow = (action: readonly string[], resource: string | readonly string[] = '*'): string =>
  JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] })

/** The system policies that users of acr-nopass are likely to use, by name. */
export const SYSTEM_POLICIES: ReadonlyMap<string, string> = new Map([
  ['AdministratorAccess', allow(['*'])],
  ['ReadOnlyAccess', allow(['*:Describe*', '*:List*', '*:Get*', '*:Query*', '*:BatchGet*'])],
  ['AliyunSTSAssumeRoleAccess', allow(['sts:AssumeRole'])],
  ['AliyunRAMFullAccess', allow(['ram:*'])],
  ['AliyunRAMReadOnlyAccess', allow(['ram:Get*', 'ram:List*'])],
  ['AliyunCSFullAccess', allow(['cs:*'])],
  ['AliyunCSReadOnlyAccess', allow(['cs:Get*', 'cs:List*', 'cs:Describe*'])],
  ['AliyunContainerRegistryFullAccess', allow(['cr:*'])],
  ['AliyunContainerRegistryReadOnlyAccess', allow(['cr:Get*', 'cr:List*', 'cr:PullRepository'], ['*'])],
  [
    'AliyunCSManagedAcrRolePolicy',
    allow(['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'], ['*']),
  ],
])

export function systemPolicyName(name: string): string | undefined {
  return [...SYSTEM_POLICIES.keys()].find((known) => known.toLowerCase() === name.toLowerCase())
}
