import type { CacheHandlers, Caches, CachesOptions } from '../cluster/caches.ts'
import type { ObservedCluster } from '../cluster/observed-cluster.ts'
import { parsePlanKey } from '../plan/plan.ts'
import type { PlanContext } from '../plan/plan-context.ts'
import type { ControllerObserver } from './controller-observer.ts'
import { namespaceUnreadable } from './decision-problem.ts'

export interface ChangeHandlersOptions
  extends Pick<CachesOptions, 'clock'>,
    Pick<PlanContext, 'config' | 'targets' | 'groups'> {
  readonly caches: Caches
  readonly observed: ObservedCluster
  readonly observer: ControllerObserver
  readonly isLeader: () => boolean
  readonly queueNow: (key: string) => void
}

/**
 * Creates handlers for changes in the caches. Each handler queues the keys whose decision may
 * change.
 */
export function createChangeHandlers(options: ChangeHandlersOptions): CacheHandlers {
  const { config, targets, groups, clock, caches, observed, observer, queueNow } = options
  const { secretName } = config

  /**
   * Returns a function that compares a hash with the content that this replica would write in the
   * namespace. `present`: the registries in the namespace's Secret. Undefined while this replica
   * does not lead.
   */
  function hasOurContent(
    namespace: string,
    present: readonly string[] | undefined,
  ): ((hash: string | undefined) => boolean) | undefined {
    const view = observed.namespace(namespace)
    if (view === undefined || !options.isLeader()) return undefined
    const isOwn = namespace === config.release.namespace
    const hash = (isOwn ? groups.own() : groups.of(targets.registriesOf(view), present))?.hash
    return hash === undefined ? undefined : (found) => found === hash
  }

  return {
    onNamespace(name, current, previous) {
      observer.changed()
      observed.noteNamespace(current, previous)
      if (!caches.synced) return
      if (previous === undefined) observer.appeared(name)
      queueNow(name)
      if (current) for (const account of observed.serviceAccountsIn(name)) queueNow(`${name}/${account.name}`)
    },
    onSecret(key, current, previous) {
      observer.changed()
      const { namespace } = parsePlanKey(key)
      const lost = observed.noteSecret(namespace, current, previous, {
        now: clock.monotonic(),
        isOurs: hasOurContent(namespace, previous?.registries),
      })
      if (!caches.synced) return
      if (lost) observer.lost(namespace)
      queueNow(namespace)
      // ServiceAccounts get the reference only if the Secret is ours.
      if (current?.ours === previous?.ours || config.adopt) return
      for (const { name } of observed.serviceAccountsIn(namespace)) queueNow(`${namespace}/${name}`)
    },
    onServiceAccount(key, current, previous) {
      observer.changed()
      const lost = observed.noteServiceAccount(key, current, previous, clock.monotonic())
      if (!caches.synced) return
      if (previous === undefined) observer.appeared(key)
      if (lost) observer.lost(key)
      queueNow(key)
      // After the last entry is removed the Secret can be emptied.
      if (!previous?.list.includes(secretName) || current?.list.includes(secretName)) return
      queueNow(parsePlanKey(key).namespace)
    },
    onRefused(namespace) {
      observer.problem(namespace, namespaceUnreadable(namespace))
      // Plan the namespace again until it can be read: a later read that finds no change would not
      // clear the problem.
      if (caches.synced) queueNow(namespace)
    },
  }
}
