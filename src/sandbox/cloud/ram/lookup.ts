import { ApiError } from '../operation.ts'
import { type Account, emptyRam, type Policy, type PolicyType, type RamState, type Role, type User } from '../state.ts'
import { MalformedDocument, readPolicy, readTrust } from './document.ts'
import { addPolicy } from './entities.ts'

/** What the messages call an entity. */
const wordsOf = (kind: string): string => (kind === 'OIDCProvider' ? 'OIDC provider' : kind.toLowerCase())

/** The error for an entity that does not exist (404). */
export const notFound = (kind: string, name: string, verb = 'does not exist'): ApiError =>
  new ApiError(404, `EntityNotExist.${kind}`, `The ${wordsOf(kind)} ${verb}: ${name} .`)

/** The error for an entity that exists already (409). */
export const alreadyExists = (kind: string, name: string): ApiError =>
  new ApiError(409, `EntityAlreadyExists.${kind}`, `The ${wordsOf(kind)} already exists: ${name} .`)

/** Finds a role, ignoring case; like the functions below it throws the vendor's EntityNotExist code (404). */
export function findRole(ram: RamState, name: string): Role {
  const role = ram.roles.get(name.toLowerCase())
  if (role === undefined) throw notFound('Role', name, 'not exists')
  return role
}

export function findUser(ram: RamState, name: string): User {
  const user = ram.users.get(name.toLowerCase())
  if (user === undefined) throw notFound('User', name)
  return user
}

export function findPolicy(ram: RamState, name: string, type: PolicyType = 'Custom'): Policy {
  const policy = (type === 'System' ? SYSTEM_POLICIES : ram.policies).get(name.toLowerCase())
  if (policy === undefined) throw notFound('Policy', name)
  return policy
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

/** The system policies that users of acr-nopass are likely to use; their resource is `*`. */
const SYSTEM_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  AdministratorAccess: ['*'],
  ReadOnlyAccess: ['*:Describe*', '*:List*', '*:Get*', '*:Query*', '*:BatchGet*'],
  AliyunSTSAssumeRoleAccess: ['sts:AssumeRole'],
  AliyunRAMFullAccess: ['ram:*'],
  AliyunRAMReadOnlyAccess: ['ram:Get*', 'ram:List*'],
  AliyunCSFullAccess: ['cs:*'],
  AliyunCSReadOnlyAccess: ['cs:Get*', 'cs:List*', 'cs:Describe*'],
  AliyunContainerRegistryFullAccess: ['cr:*'],
  AliyunContainerRegistryReadOnlyAccess: ['cr:Get*', 'cr:List*', 'cr:PullRepository'],
  AliyunCSManagedAcrRolePolicy: ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'],
}

const system = emptyRam()
for (const [name, Action] of Object.entries(SYSTEM_ACTIONS)) {
  const document = JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] })
  addPolicy(system, 0, { name, document })
}

/** The system policies by their names in lower case, in the form of custom ones. */
export const SYSTEM_POLICIES: ReadonlyMap<string, Policy> = system.policies
