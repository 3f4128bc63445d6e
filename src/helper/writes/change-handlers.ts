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

/** Queues the keys whose decision a change in the caches may alter. */
export function createChangeHandlers(options: ChangeHandlersOptions): CacheHandlers {
  const { config, targets, groups, clock, caches, observed, observer, queueNow } = options
  const { secretName } = config

  /**
   * Whether this replica writes a content with this hash there; undefined while it is not the
   * leader.
   */
  function contentTest(namespace: string): ((hash: string | undefined) => boolean) | undefined {
    const view = observed.namespace(namespace)
    if (view === undefined || !options.isLeader()) return undefined
    const isOwn = namespace === config.release.namespace
    const hash = (isOwn ? groups.own() : groups.of(targets.registriesOf(view)))?.hash
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
        isOurs: contentTest(namespace),
      })
      if (!caches.synced) return
      if (lost) observer.lost(namespace)
      queueNow(namespace)
      // The references depend on whether the Secret is ours.
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
      // Planned again until it can be read, because a read without a change would not clear the
      // problem.
      if (caches.synced) queueNow(namespace)
    },
  }
}
