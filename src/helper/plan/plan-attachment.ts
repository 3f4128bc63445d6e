import type { NamespaceView, ServiceAccountView } from '../../installation/object-views.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { fightPause, type PlannedAction, type WriteList } from './actions.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * Plans one ServiceAccount's list: our entry is appended or removed, and all other entries stay.
 */
export function planAttachment(
  { observed, targets, config, now }: PlanContext,
  namespace: NamespaceView,
  serviceAccount: ServiceAccountView,
): PlannedAction {
  if (namespace.terminating) return { kind: 'skip', reason: 'terminating' }
  const { secretName } = config
  const { name } = serviceAccount
  const secret = observed.secret(namespace.name)
  const isForeign = secret !== undefined && !secret.ours && !config.adopt
  const attachedUnseen = observed.attachedUnseen(namespace.name, name)
  const detach = (): PlannedAction => planDetach(serviceAccount, secretName, targets.mayChange(name))
  const attached = serviceAccount.list.includes(secretName)
  const optedOut = namespace.optedOut || serviceAccount.optedOut
  if (!targets.includes(namespace) || !targets.takesServiceAccount(name) || optedOut) {
    if (!attached) return { kind: 'skip', reason: optedOut ? 'opted-out' : 'not-targeted' }
    // If the Secret does not exist, this release may have added the entry: all releases write the
    // same entry.
    const mayBeOurs = attachedUnseen || (secret === undefined ? targets.names(namespace) : secret.ours)
    return mayBeOurs ? detach() : { kind: 'skip', reason: 'kept-by-other' }
  }
  if (attached) {
    const misled = isForeign && attachedUnseen && wroteLast(serviceAccount)
    return misled ? detach() : { kind: 'current' }
  }
  if (isForeign) return { kind: 'skip', reason: 'foreign-secret' }
  const { owner, overlong } = serviceAccount
  if (overlong !== undefined) return { kind: 'skip', reason: 'overlong-list', entries: overlong }
  // The owner's next apply would fail with a conflict (docs/en/decisions.md#foreign-list), so the
  // owner has to add the entry.
  if (owner?.operation === 'Apply' && owner.manager !== FIELD_MANAGER) {
    return { kind: 'skip', reason: 'foreign-list', manager: owner.manager }
  }
  const until = fightPause(observed.removals(namespace.name, name), now)
  if (until !== undefined) return { kind: 'wait', reason: 'conflict', until, ...(owner && { manager: owner.manager }) }
  return write('attach', serviceAccount, [...serviceAccount.list, secretName])
}

/**
 * True if our entry still has to be detached. The Secret is emptied after all entries are detached.
 */
export function isDetachable(serviceAccount: ServiceAccountView, secretName: string): boolean {
  return serviceAccount.list.includes(secretName) && wroteLast(serviceAccount)
}

function planDetach(serviceAccount: ServiceAccountView, secretName: string, mayChange: boolean): PlannedAction {
  if (!wroteLast(serviceAccount)) {
    const manager = serviceAccount.owner?.manager
    return { kind: 'skip', reason: 'kept-by-other', ...(manager === undefined ? {} : { manager }) }
  }
  if (!mayChange) return { kind: 'skip', reason: 'left-attached' }
  const { overlong } = serviceAccount
  const list = overlong === undefined ? serviceAccount.list.filter((name) => name !== secretName) : undefined
  return write('detach', serviceAccount, list)
}

function wroteLast({ owner }: ServiceAccountView): boolean {
  // A ServiceAccount without an owner of the list was never applied, so it has no managedFields.
  return owner === undefined || owner.manager === FIELD_MANAGER
}

function write(kind: 'attach' | 'detach', account: ServiceAccountView, list: WriteList['list']): PlannedAction {
  const { uid, resourceVersion, namespace, name } = account
  return { kind, namespace, serviceAccount: name, precondition: { uid, resourceVersion }, list }
}
