import type { Carry } from '../plan/actions.ts'
import type { Groups } from '../plan/plan.ts'
import { buildCredentialGroup, type CredentialGroup, type GroupOptions } from './credential-group.ts'
import { asKept, hasExpired, isOlder, type LiveToken } from './registry-state.ts'

/** The rendered Secret contents by their registries. */
export interface CredentialGroups extends Groups {
  of(registries: readonly string[]): CredentialGroup | undefined
  readonly empty: CredentialGroup
  /** The content that an action names by its `group`. */
  byKey(key: string): CredentialGroup | undefined
  /**
   * The content for the Secret of one namespace with its own credentials (`found`) of the registries to carry; `carriedIn` recognizes
   * it afterwards.
   */
  carryOver(
    namespace: string,
    group: CredentialGroup,
    carry: Carry,
    found: readonly LiveToken[],
    cloudNow: number,
  ): CredentialGroup
  /** Clears the cache after a token changed. */
  reset(): void
}

export function createCredentialGroups(
  tokenOf: (registry: string) => LiveToken | undefined,
  options: GroupOptions,
): CredentialGroups {
  const empty = buildCredentialGroup('', [], options)
  const groups = new Map<string, CredentialGroup>()
  /** By namespace, so that no Secret that somebody keeps changing fills the memory; only the hashes of the contents. */
  const carried = new Map<string, { readonly hash: string; readonly mixture: string }>()
  // Targets share the arrays, so the common case is one lookup.
  let byList = new WeakMap<readonly string[], CredentialGroup>()
  const find = (registries: readonly string[]): CredentialGroup | undefined => {
    const tokens = registries.map(tokenOf).filter((token) => token !== undefined)
    if (tokens.length === 0) return undefined
    const key = tokens.map(({ name }) => name).join(',')
    const group = groups.get(key) ?? buildCredentialGroup(key, tokens, options)
    groups.set(key, group)
    return group
  }
  return {
    empty,
    of(registries) {
      const group = byList.get(registries) ?? find(registries)
      if (group) byList.set(registries, group)
      return group
    },
    byKey: (key) => (key === '' ? empty : groups.get(key)),
    carriedIn(namespace, hash) {
      const last = carried.get(namespace)
      return last?.hash === hash ? last.mixture : undefined
    },
    carryOver(namespace, group, { names, mixture }, found, cloudNow) {
      const there = new Map(found.filter(({ name }) => names.includes(name)).map((token) => [token.name, token]))
      const ours = group.tokens.map((token) => better(there.get(token.name), token, cloudNow))
      const known = new Set(group.registries)
      const lost = [...there.values()].filter(({ name }) => !known.has(name)).map(asKept)
      const content = buildCredentialGroup(group.key, [...ours, ...lost], options)
      carried.set(namespace, { hash: content.hash, mixture })
      return content
    },
    reset() {
      groups.clear()
      carried.clear()
      byList = new WeakMap()
    },
  }
}

/** The one that has not expired, else the newer; of two that both have, ours only if it also ends no earlier: the clock may be ahead. */
function better(there: LiveToken | undefined, ours: LiveToken, cloudNow: number): LiveToken {
  if (there === undefined) return ours
  const [isTheirsExpired, isOursExpired] = [hasExpired(there.token, cloudNow), hasExpired(ours.token, cloudNow)]
  const endsEarlier = isOursExpired && endOf(ours) < endOf(there)
  if (isTheirsExpired === isOursExpired ? !isOlder(ours, there) && !endsEarlier : isTheirsExpired) return ours
  return ours.origin === 'kept' ? asKept(there) : there
}

function endOf({ token }: LiveToken): number {
  return token.expiresAt ?? Number.POSITIVE_INFINITY
}
