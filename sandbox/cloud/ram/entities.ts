import { newId } from '../identifiers.ts'
import { ApiError, type Call } from '../operation.ts'
import type { AccessKey, Entities, EntityKind, OidcProvider, Policy, RamState, Role, User } from '../state.ts'
import { readPolicy, readTrust } from './document.ts'

/** The words for entities in messages. */
const WORDS = { User: 'user', Role: 'role', Policy: 'policy', OIDCProvider: 'OIDC provider' } as const

/** Finds an entity, ignoring case. @throws EntityNotExist.<kind> (404) */
export function findEntity<K extends EntityKind>(ram: RamState, kind: K, name: string): Entities[K] {
  const found = ram[kind].get(name.toLowerCase())
  if (found !== undefined) return found
  const verb = kind === 'Role' ? 'not exists' : 'does not exist'
  throw new ApiError(404, `EntityNotExist.${kind}`, `The ${WORDS[kind]} ${verb}: ${name} .`)
}

/** Returns the entity that a call names in `RoleName`, `PolicyName`, … */
export function entityOf<K extends EntityKind>(call: Call, kind: K): Entities[K] {
  return findEntity(call.account.ram, kind, call.need(`${kind}Name`))
}

/** The name of an entity to create. @throws EntityAlreadyExists.<kind> (409) */
export function newName(call: Call, kind: EntityKind): string {
  const name = call.need(`${kind}Name`)
  if (!call.account.ram[kind].has(name.toLowerCase())) return name
  throw new ApiError(409, `EntityAlreadyExists.${kind}`, `The ${WORDS[kind]} already exists: ${name} .`)
}

/** The ARN of the entity that a call names, for RAM. */
export const resourceOf = (kind: EntityKind) => (call: Call) => {
  const owner = kind === 'Policy' && call.get('PolicyType') === 'System' ? 'system' : call.account.id
  const path = WORDS[kind].toLowerCase().replace(' ', '-')
  return [`acs:ram:*:${owner}:${path}/${call.get(`${kind}Name`) ?? '*'}`]
}

type Given<T, Needed extends keyof T> = Pick<T, Needed> & Partial<T>

export function newKey(): AccessKey {
  return { id: newId.accessKey(), secret: newId.secret(), active: true }
}

/**
 * Adds a user, or replaces the user of that name. This function and those below fill in the
 * vendor's defaults.
 */
export function addUser(ram: RamState, name: string, keys: AccessKey[], policies: readonly Policy[] = []): User {
  const user: User = { name, id: newId.user(), keys, policies: new Set(policies) }
  ram.User.set(name.toLowerCase(), user)
  return user
}

/** @throws MalformedPolicyDocument (400) */
export function addRole(ram: RamState, given: Given<Role, 'name' | 'trust'>): Role {
  readTrust(given.trust)
  const rest = { id: newId.ramEntity(), description: '', maxSessionSeconds: 3600 }
  const role: Role = { ...rest, tags: new Map(), policies: new Set(), ...given }
  ram.Role.set(role.name.toLowerCase(), role)
  return role
}

/** @throws MalformedPolicyDocument (400) */
export function addPolicy(
  ram: RamState,
  now: number,
  document: string,
  given: Given<Policy, 'name'>,
  withNotResource = false,
): Policy {
  const rest = { description: '', tags: new Map<string, string>(), versions: new Map<string, string>() }
  const dates = { created: now, updated: now }
  const policy: Policy = { type: 'Custom', ...rest, ...dates, defaultVersion: 'v1', ...given }
  addVersion(policy, now, document, withNotResource)
  ram.Policy.set(policy.name.toLowerCase(), policy)
  return policy
}

/** Adds a version to a policy and returns its id. @throws MalformedPolicyDocument (400) */
export function addVersion(policy: Policy, now: number, document: string, withNotResource = false): string {
  readPolicy(document, withNotResource)
  const newest = [...policy.versions.keys()].at(-1) ?? 'v0'
  const id = `v${Number(newest.slice(1)) + 1}`
  policy.versions.set(id, document)
  policy.updated = now
  return id
}

export function addProvider(ram: RamState, given: Given<OidcProvider, 'name' | 'issuer' | 'clientIds'>): OidcProvider {
  const provider: OidcProvider = { fingerprints: [], description: '', ...given }
  ram.OIDCProvider.set(provider.name.toLowerCase(), provider)
  return provider
}
