import { FIELD_MANAGER } from '../kube/names.ts'
import type { Caches } from './caches.ts'
import type { Observed } from './plan.ts'
import { parsePlanKey } from './plan-key.ts'
import type { NamespaceView, ServiceAccountView } from './views.ts'

/** The caches as the plan asks for them, with an index of ServiceAccounts by namespace and a memory of removals. */
export interface ObservedCluster extends Observed {
  /** Call after each change of a ServiceAccount; true when another writer took our entry out. */
  noteServiceAccount(
    key: string,
    current: ServiceAccountView | undefined,
    previous: ServiceAccountView | undefined,
    now: number,
  ): boolean
}

const MEMORY_MS = 10 * 60_000

export function createObservedCluster(caches: () => Caches, secretName: string): ObservedCluster {
  const names = new Map<string, readonly string[]>()
  const removals = new Map<string, readonly number[]>()
  // Most namespaces have the same few ServiceAccounts: one list stands for all of them.
  const shared = new Map<string, readonly string[]>()
  const share = (list: readonly string[]): readonly string[] => {
    const key = list.join()
    const known = shared.get(key)
    if (known) return known
    if (shared.size < 1000) shared.set(key, list)
    return list
  }
  const index = (namespace: string, name: string, exists: boolean): void => {
    const list = names.get(namespace) ?? []
    if (list.includes(name) === exists) return
    const next = exists ? [...list, name] : list.filter((one) => one !== name)
    if (next.length === 0) names.delete(namespace)
    else names.set(namespace, share(next))
  }
  return {
    namespace: (name) => caches().namespaces.get(name),
    secret: (namespace) => caches().secrets.get(`${namespace}/${secretName}`),
    serviceAccount: (namespace, name) => caches().serviceAccounts?.get(`${namespace}/${name}`),
    *serviceAccountsIn(namespace) {
      for (const name of names.get(namespace) ?? []) {
        const view = caches().serviceAccounts?.get(`${namespace}/${name}`)
        if (view) yield view
      }
    },
    *namespaces(): Generator<NamespaceView> {
      for (const [, view] of caches().namespaces.entries()) yield view
    },
    removals: (namespace, name) => removals.get(`${namespace}/${name}`) ?? [],
    noteServiceAccount(key, current, previous, now) {
      const { namespace, serviceAccount: name = '' } = parsePlanKey(key)
      index(namespace, name, current !== undefined)
      if (current === undefined) removals.delete(key)
      const lost =
        current !== undefined &&
        previous?.uid === current.uid &&
        previous.list.includes(secretName) &&
        !current.list.includes(secretName) &&
        current.owner?.manager !== FIELD_MANAGER
      if (lost) removals.set(key, [...(removals.get(key) ?? []).filter((at) => now - at < MEMORY_MS), now])
      return lost
    },
  }
}
