import type { Account, CloudState, Policy, RamState } from '../state.ts'

/** Stores a copy of RAM before a write, for reads that lag. */
export function keepForReads({ settings, now }: CloudState, { id, ram, past }: Account): void {
  const lags = [settings.staleReads.get(id), settings.slowEffects.get(id)].filter((one) => one !== undefined)
  if (lags.length === 0) return
  const lag = Math.max(...lags)
  const kept = past.filter(({ until }) => until > now() - lag)
  past.splice(0, past.length, ...kept, { until: now(), ram: copyRam(ram) })
}

/**
 * Returns the account with RAM in the state that its reads show. RAM writes to one control plane
 * and reads from replicas (https://www.alibabacloud.com/help/en/ram/user-guide/resilience-in-ram).
 * By default there is no lag.
 */
export function asRead(state: CloudState, account: Account): Account {
  return { ...account, ram: ramBefore(state, account, state.settings.staleReads.get(account.id)) }
}

/** Returns RAM in the state that decides about calls: the vendor documents no limit here either. */
export function inEffect(state: CloudState, account: Account): RamState {
  return ramBefore(state, account, state.settings.slowEffects.get(account.id))
}

/** Returns RAM as it was some milliseconds ago. */
function ramBefore({ now }: CloudState, { past, ram }: Account, lag = 0): RamState {
  const at = now() - lag
  return past.find(({ until }) => until > at)?.ram ?? ram
}

function copyRam({ User, Role, Policy, OIDCProvider }: RamState): RamState {
  const copies = new Map<Policy, Policy>()
  const copyPolicy = (policy: Policy): Policy => {
    const copy = { ...policy, tags: new Map(policy.tags), versions: new Map(policy.versions) }
    copies.set(policy, copy)
    return copy
  }
  const copyAll = <Entity>(entities: Map<string, Entity>, copy: (entity: Entity) => Entity): Map<string, Entity> =>
    new Map([...entities].map(([name, entity]) => [name, copy(entity)]))
  const policies = copyAll(Policy, copyPolicy)
  // System policies never change and belong to no account, so they are not copied.
  const held = (own: ReadonlySet<Policy>): Set<Policy> =>
    new Set([...own].map((policy) => copies.get(policy) ?? policy))
  return {
    Policy: policies,
    User: copyAll(User, (user) => ({ ...user, policies: held(user.policies) })),
    Role: copyAll(Role, (role) => ({ ...role, tags: new Map(role.tags), policies: held(role.policies) })),
    OIDCProvider: copyAll(OIDCProvider, (provider) => ({ ...provider })),
  }
}
