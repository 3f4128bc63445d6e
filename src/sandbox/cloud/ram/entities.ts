import { newId } from '../identifiers.ts'
import type { AccessKey, OidcProvider, Policy, RamState, Role, User } from '../state.ts'

type Given<T, Needed extends keyof T> = Pick<T, Needed> & Partial<T>

export function newKey(): AccessKey {
  return { id: newId.accessKey(), secret: newId.secret(), active: true }
}

/** Adds a user, or replaces the one of that name; as the functions below, with the vendor's defaults. */
export function addUser(ram: RamState, name: string, keys: AccessKey[]): User {
  const user: User = { name, id: newId.user(), keys }
  ram.users.set(name.toLowerCase(), user)
  return user
}

export function addRole(ram: RamState, given: Given<Role, 'name' | 'trust'>): Role {
  const rest = { id: newId.ramEntity(), description: '', maxSessionSeconds: 3600, tags: new Map<string, string>() }
  const role: Role = { ...rest, ...given }
  ram.roles.set(role.name.toLowerCase(), role)
  return role
}

export function addPolicy(
  ram: RamState,
  now: number,
  { document, ...given }: Given<Policy, 'name'> & { readonly document: string },
): Policy {
  const versions = [{ id: 'v1', document }]
  const rest = { description: '', tags: new Map<string, string>(), defaultVersion: 'v1', nextVersion: 2, versions }
  const policy: Policy = { ...rest, created: now, updated: now, ...given }
  ram.policies.set(policy.name.toLowerCase(), policy)
  return policy
}

export function addProvider(ram: RamState, given: Given<OidcProvider, 'name' | 'issuer' | 'clientIds'>): OidcProvider {
  const provider: OidcProvider = { fingerprints: [], description: '', ...given }
  ram.oidcProviders.set(provider.name.toLowerCase(), provider)
  return provider
}
