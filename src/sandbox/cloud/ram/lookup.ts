import { ApiError } from '../api-error.ts'
import type { Account, Policy, PolicyType, RamState, Role, User } from '../state.ts'
import { MalformedDocument, readPolicy, readTrust } from './document.ts'
import { SYSTEM_POLICIES, systemPolicyName } from './system-policies.ts'

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
