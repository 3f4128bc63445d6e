import type { Groups } from '../plan/plan.ts'
import { buildCredentialGroup, type CredentialGroup, type GroupOptions } from './credential-group.ts'
import type { LiveToken } from './registry-state.ts'

/** The rendered Secret contents by their registries. */
export interface CredentialGroups extends Groups {
  of(namespace: string, registries: readonly string[]): CredentialGroup | undefined
  readonly empty: CredentialGroup
  /** For an action that a plan named. */
  byKey(key: string): CredentialGroup | undefined
  /** Clears the cache after a token changed. */
  reset(): void
}

/** `tokenOf`: the credential in use of a registry. `ownNamespace`: whose copy says more (docs/en/decisions.md#own-copy). */
export function createCredentialGroups(
  tokenOf: (registry: string) => LiveToken | undefined,
  ownNamespace: string,
  options: GroupOptions,
): CredentialGroups {
  const empty = buildCredentialGroup('', [], options, false)
  const groups = new Map<string, CredentialGroup>()
  // One array stands for one set (targets share them), so the common case is one look-up.
  let byList = new WeakMap<readonly string[], CredentialGroup>()
  const find = (registries: readonly string[], own: boolean): CredentialGroup | undefined => {
    const tokens = registries.map(tokenOf).filter((token) => token !== undefined)
    if (tokens.length === 0) return undefined
    const key = `${own ? '@' : ''}${tokens.map(({ name }) => name).join(',')}`
    const group = groups.get(key) ?? buildCredentialGroup(key, tokens, options, own)
    groups.set(key, group)
    return group
  }
  return {
    empty,
    of(namespace, registries) {
      if (namespace === ownNamespace) return find(registries, true)
      const group = byList.get(registries) ?? find(registries, false)
      if (group) byList.set(registries, group)
      return group
    },
    byKey: (key) => (key === '' ? empty : groups.get(key)),
    reset() {
      groups.clear()
      byList = new WeakMap()
    },
  }
}
