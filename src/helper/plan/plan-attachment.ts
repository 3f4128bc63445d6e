import { FIELD_MANAGER } from '../../kube/names.ts'
import type { NamespaceView, ServiceAccountView } from '../../release/object-views.ts'
import { fightPause, type PlannedAction, type WriteList } from './actions.ts'

export interface AttachmentInput {
  readonly serviceAccount: ServiceAccountView
  readonly namespace: NamespaceView
  readonly secretName: string
  /** Whether namespace and ServiceAccount are targets. */
  readonly targeted: boolean
  /** The Secret of our name is not ours, so no reference to it is added. */
  readonly foreignSecret: boolean
  /** The Secret is ours, or there is none and this release may have added the entry, because all releases write entries alike. */
  readonly mayBeOurs: boolean
  /** The helper has the right to change it. */
  readonly mayChange: boolean
  /** Our entry was added before the Secret was in the cache, and the Secret has not been ours since. */
  readonly attachedUnseen: boolean
  /** Monotonic times at which others removed our entry. */
  readonly removals: readonly number[]
  /** Monotonic milliseconds. */
  readonly now: number
}

/** Plans one ServiceAccount's list: with our entry appended or removed, otherwise unchanged. */
export function planAttachment(input: AttachmentInput): PlannedAction {
  const { serviceAccount, namespace, secretName } = input
  if (namespace.terminating) return { kind: 'skip', reason: 'terminating' }
  const attached = serviceAccount.list.includes(secretName)
  const optedOut = namespace.optedOut || serviceAccount.optedOut
  if (!input.targeted || optedOut) {
    if (!attached) return { kind: 'skip', reason: optedOut ? 'opted-out' : 'not-targeted' }
    return input.mayBeOurs ? planDetach(input) : { kind: 'skip', reason: 'kept-by-other' }
  }
  if (attached) {
    const misled = input.foreignSecret && input.attachedUnseen && wroteLast(serviceAccount)
    return misled ? planDetach(input) : { kind: 'current' }
  }
  if (input.foreignSecret) return { kind: 'skip', reason: 'foreign-secret' }
  const { owner, overlong } = serviceAccount
  if (overlong !== undefined) return { kind: 'skip', reason: 'overlong-list', entries: overlong }
  // The owner's next apply would fail with a conflict (docs/en/decisions.md#foreign-list), so the owner has to add the entry.
  if (owner?.operation === 'Apply' && owner.manager !== FIELD_MANAGER) {
    return { kind: 'skip', reason: 'foreign-list', manager: owner.manager }
  }
  const until = fightPause(input.removals, input.now)
  if (until !== undefined) return { kind: 'wait', reason: 'fought', until, ...(owner && { manager: owner.manager }) }
  return write('attach', serviceAccount, [...serviceAccount.list, secretName])
}

/** Whether this entry still has to be detached; the Secret is emptied afterwards. */
export function isDetachable(serviceAccount: ServiceAccountView, secretName: string): boolean {
  return serviceAccount.list.includes(secretName) && wroteLast(serviceAccount)
}

function planDetach({ serviceAccount, secretName, mayChange }: AttachmentInput): PlannedAction {
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
  // A ServiceAccount that was never applied has no managedFields.
  return owner === undefined || owner.manager === FIELD_MANAGER
}

function write(kind: 'attach' | 'detach', account: ServiceAccountView, list: WriteList['list']): PlannedAction {
  const { uid, resourceVersion, namespace, name } = account
  return { kind, namespace, serviceAccount: name, precondition: { uid, resourceVersion }, list }
}
