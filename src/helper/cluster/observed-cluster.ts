import type { NamespaceView, SecretView, ServiceAccountView } from '../../installation/object-views.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { createShare } from '../../lib/json.ts'
import { FIGHT_WINDOW_MS } from '../plan/actions.ts'
import { parsePlanKey } from '../plan/plan.ts'
import type { ClusterView } from '../plan/plan-context.ts'
import type { Caches } from './caches.ts'

export type ObservedCluster = ReturnType<typeof createObservedCluster>

/** How many losses are remembered for one key. A decision needs fewer. */
const MOST_TIMES = 10

/**
 * Creates the plan's view of the caches. Adds an index of ServiceAccounts by namespace, and the
 * times at which other writers undid our writes.
 */
export function createObservedCluster(caches: Caches, secretName: string) {
  const names = new Map<string, readonly string[]>()
  const removals = new Map<string, readonly number[]>()
  const losses = new Map<string, readonly number[]>()
  const remember = (times: Map<string, readonly number[]>, key: string, now: number): void => {
    times.set(key, [...(times.get(key) ?? []).filter((at) => now - at < FIGHT_WINDOW_MS), now].slice(-MOST_TIMES))
  }
  const unseen = new Set<string>()
  // Share equal lists, because most namespaces have the same ServiceAccounts.
  const share = createShare(1000, Number.POSITIVE_INFINITY)
  const index = (namespace: string, name: string, exists: boolean): void => {
    const list = names.get(namespace) ?? []
    if (list.includes(name) === exists) return
    const next = exists ? [...list, name] : list.filter((one) => one !== name)
    if (next.length === 0) names.delete(namespace)
    else names.set(namespace, share(next))
  }
  const secretOf = (namespace: string): SecretView | undefined => caches.secrets.get(`${namespace}/${secretName}`)
  const view: Omit<ClusterView, 'logReadFor'> = {
    namespace: (name) => caches.namespaces.get(name),
    secret: secretOf,
    serviceAccount: (namespace, name) => caches.serviceAccounts?.get(`${namespace}/${name}`),
    *serviceAccountsIn(namespace) {
      for (const name of names.get(namespace) ?? []) {
        const view = caches.serviceAccounts?.get(`${namespace}/${name}`)
        if (view) yield view
      }
    },
    *namespaces() {
      for (const [, view] of caches.namespaces.entries()) yield view
    },
    removals: (namespace, name) => removals.get(`${namespace}/${name}`) ?? [],
    losses: (namespace) => losses.get(namespace) ?? [],
    unreadable: (namespace) => caches.unreadable(namespace),
    attachedUnseen: (namespace, name) => unseen.has(`${namespace}/${name}`),
  }
  return {
    ...view,
    /**
     * Call before an entry is added. The cache may not have the namespace's Secret yet, because
     * events of different kinds arrive in any order.
     */
    noteAttach(key: string): void {
      const { namespace } = parsePlanKey(key)
      if (secretOf(namespace) === undefined) unseen.add(key)
    },
    /**
     * Call after each change of a Secret. Returns true if another writer changed or deleted our
     * Secret.
     */
    noteSecret(
      namespace: string,
      current: SecretView | undefined,
      previous: SecretView | undefined,
      { now, isOurs }: { readonly now: number; readonly isOurs: ((hash: string | undefined) => boolean) | undefined },
    ): boolean {
      if (unseen.size > 0 && current?.ours) {
        for (const name of names.get(namespace) ?? []) unseen.delete(`${namespace}/${name}`)
      }
      // After the lease was edited, two replicas may lead for a moment. Each then replaces the
      // content of the other.
      const isReplaced = isOurs?.(previous?.hash) === true && !isOurs(current?.hash)
      const isLost = isAsWritten(previous) && (!isAsWritten(current) || isReplaced)
      const lost = isLost && isAlive(caches.namespaces.get(namespace))
      if (lost) remember(losses, namespace, now)
      return lost
    },
    /**
     * Call after each change of a Namespace. Forgets the losses in a deleted namespace of the same
     * name.
     */
    noteNamespace(current: NamespaceView | undefined, previous: NamespaceView | undefined): void {
      const name = (current ?? previous)?.name ?? ''
      if (!isAlive(current) || current?.uid !== previous?.uid) losses.delete(name)
    },
    /**
     * Call after each change of a ServiceAccount. Returns true if another writer removed our entry.
     */
    noteServiceAccount(
      key: string,
      current: ServiceAccountView | undefined,
      previous: ServiceAccountView | undefined,
      now: number,
    ): boolean {
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
      if (lost) remember(removals, key, now)
      return lost
    },
  }
}

function isAsWritten(secret: SecretView | undefined): boolean {
  return secret?.ours === true && secret.intact && secret.labelled
}

function isAlive(namespace: NamespaceView | undefined): boolean {
  return namespace !== undefined && !namespace.terminating
}
