import { FIELD_MANAGER } from '../kube/names.ts'
import type { Caches } from './caches.ts'
import type { Observed } from './plan.ts'
import { parsePlanKey } from './plan-key.ts'
import type { NamespaceView, SecretView, ServiceAccountView } from './views.ts'

/** The caches as the plan asks for them, with an index of ServiceAccounts by namespace and a memory of removals and early entries. */
export interface ObservedCluster extends Observed {
  /** Call after each change of a ServiceAccount; true when another writer took our entry out. */
  noteServiceAccount(
    key: string,
    current: ServiceAccountView | undefined,
    previous: ServiceAccountView | undefined,
    now: number,
  ): boolean
  /** Call before an entry is added: the news of the namespace may have overtaken those of its Secret. */
  noteAttach(key: string): void
  /** Call after each change of a Secret. */
  noteSecret(namespace: string): void
}

const MEMORY_MS = 10 * 60_000

export function createObservedCluster(caches: () => Caches, secretName: string): ObservedCluster {
  const names = new Map<string, readonly string[]>()
  const removals = new Map<string, readonly number[]>()
  const unseen = new Set<string>()
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
  const secretOf = (namespace: string): SecretView | undefined => caches().secrets.get(`${namespace}/${secretName}`)
  return {
    namespace: (name) => caches().namespaces.get(name),
    secret: secretOf,
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
    attachedUnseen: (namespace, name) => unseen.has(`${namespace}/${name}`),
    noteAttach(key) {
      const { namespace } = parsePlanKey(key)
      if (secretOf(namespace) === undefined) unseen.add(key)
    },
    noteSecret(namespace) {
      if (unseen.size === 0 || !secretOf(namespace)?.ours) return
      for (const name of names.get(namespace) ?? []) unseen.delete(`${namespace}/${name}`)
    },
    noteServiceAccount(key, current, previous, now) {
      const { namespace, serviceAccount: name = '' } = parsePlanKey(key)
      index(namespace, name, current !== undefined)
      if (current === undefined) {
        removals.delete(key)
        unseen.delete(key)
      }
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
