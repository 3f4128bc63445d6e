import { reworded } from '../../errors.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import { attemptChange, deleteAsRead, replacePullSecrets } from '../../kube/change-as-read.ts'
import { get, type KubeCaller } from '../../kube/client.ts'
import { DECLARING_MANAGERS, listOwner } from '../../kube/managed-fields.ts'
import { FIELD_MANAGER } from '../../kube/names.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { type KubeList, type KubeObject, keyOf, namespacedPath, selectorText } from '../../kube/types.ts'
import { shorten } from '../../lib/text.ts'
import type { LegacyAccount, LegacyFacts } from './collect-facts.ts'
import type { LegacyPart } from './legacy-facts.ts'

/** The steps, in the order of the lists. */
export interface RemovalPlan {
  /** Removed first, because the helper would restore the rest. */
  readonly helper: readonly LegacyPart[]
  /** Changed second, so that no new Pod gets the old names. */
  readonly accounts: readonly LegacyAccount[]
  /** Removed last: rights and settings. */
  readonly rest: readonly LegacyPart[]
  /**
   * ServiceAccounts whose list another tool applies. That tool would restore the name, or fail
   * because of our change.
   */
  readonly kept: readonly { readonly account: LegacyAccount; readonly manager: string }[]
  /** Objects that stay because something else uses them, each with the reason. */
  readonly shared: readonly string[]
}

/**
 * Plans the removal in a safe order: after an interruption everything still has a credential. No
 * Secret is deleted, because users of it outside of the cluster cannot be seen.
 */
export function planRemoval(facts: LegacyFacts): RemovalPlan {
  const owned = facts.accounts
    .filter(({ old }) => old.length > 0)
    .map((account) => ({ account, owner: listOwner(account.metadata.managedFields) }))
  const isApplied = ({ owner }: (typeof owned)[number]): boolean =>
    owner !== undefined &&
    owner.manager !== FIELD_MANAGER &&
    (owner.operation === 'Apply' || DECLARING_MANAGERS.includes(owner.manager))
  return {
    helper: [...facts.webhooks, ...facts.deployments],
    accounts: owned.filter((one) => !isApplied(one)).map(({ account }) => account),
    rest: [...facts.rbac, ...(facts.configMap === undefined ? [] : [facts.configMap])],
    shared: facts.shared,
    kept: owned.filter(isApplied).map(({ account, owner }) => ({ account, manager: owner?.manager ?? '' })),
  }
}

/** Returns the list without the old names, otherwise unchanged. */
export function withoutOldNames({ imagePullSecrets, old }: LegacyAccount): LegacyAccount['imagePullSecrets'] {
  return imagePullSecrets.filter(({ name }) => name === undefined || !old.includes(name))
}

/** `Deployment kube-system/aliyun-acr-credential-helper`. */
export function partTitle({ kind, metadata }: Pick<LegacyPart, 'kind' | 'metadata'>): string {
  return `${kind} ${keyOf(metadata)}`
}

/** Returns one line per step. */
export function describePlan({ helper, accounts, rest }: RemovalPlan): readonly string[] {
  return [
    ...helper.map((part) => `delete ${partTitle(part)}`),
    ...accounts.map(({ metadata, old }) => `take ${old.join(', ')} out of ServiceAccount ${keyOf(metadata)}`),
    ...rest.map((part) => `delete ${partTitle(part)}`),
  ]
}

export interface Removed {
  /** One line per completed step. */
  readonly done: readonly string[]
  /** One line per failed step, with the reason. */
  readonly left: readonly string[]
}

/** How long the old helper's Pods may take to terminate, in milliseconds. */
const HELPER_LIMIT_MS = 60_000

/**
 * Performs the plan: one request per step, with preconditions on the objects that were read. An
 * object that changed in the meantime is left and reported, so that a second run can finish.
 * @throws the signal's reason when interrupted
 */
export async function removeLegacy(caller: KubeCaller, plan: RemovalPlan): Promise<Removed> {
  const done: string[] = []
  try {
    return { done, left: await removeParts(caller, plan, done) }
  } catch (error) {
    // If the API server does not respond, the remaining steps are not tried. The error lists what
    // was done before.
    if (!(error instanceof KubeApiError) || done.length === 0) throw error
    throw reworded(error, `${error.message} (done before: ${shorten(done, MOST_SHOWN, '; ')})`)
  }
}

const MOST_SHOWN = 10

/** Performs the steps, adds each completed one to `done`, and returns those that failed. */
async function removeParts(caller: KubeCaller, plan: RemovalPlan, done: string[]): Promise<readonly string[]> {
  const left: string[] = []
  const step = async (title: string, verb: string, work: () => Promise<unknown>): Promise<void> => {
    caller.signal.throwIfAborted()
    if (await attemptChange(title, left, work)) done.push(`${verb} ${title}`)
  }
  // The helper's own ServiceAccount may name the old Secrets. Then this run has changed it before,
  // and the new version is expected.
  const versions = new Map<string, string | undefined>()
  const asChanged = (metadata: LegacyPart['metadata']): LegacyPart['metadata'] => ({
    ...metadata,
    resourceVersion: versions.get(metadata.uid ?? '') ?? metadata.resourceVersion,
  })
  const remove = (part: LegacyPart): Promise<void> =>
    step(partTitle(part), 'deleted', async () => {
      const held = await deleteAsRead(caller, part.path, asChanged(part.metadata))
      if (held !== undefined) left.push(`${partTitle(part)}: ${held}`)
    })

  for (const part of plan.helper) await remove(part)
  const running = left.length > 0 ? [] : await waitForEnd(caller, plan.helper)
  left.push(...running)
  if (left.length > 0) return left
  for (const account of plan.accounts) {
    const title = `the old names out of ServiceAccount ${keyOf(account.metadata)}`
    await step(title, 'took', async () => {
      const { metadata } = await replacePullSecrets(caller, account.metadata, withoutOldNames(account))
      if (metadata !== undefined) versions.set(metadata.uid ?? '', metadata.resourceVersion)
    })
  }
  if (left.length > 0) return left
  for (const part of plan.rest) await remove(part)
  return left
}

/**
 * Waits until the helper's Pods have ended, because a terminating Pod can still write. Returns the
 * Pods that still run after the limit.
 */
async function waitForEnd(caller: KubeCaller, parts: readonly LegacyPart[]): Promise<readonly string[]> {
  const running: string[] = []
  for (const part of parts) {
    const labelSelector = selectorText(part.selector ?? {})
    if (labelSelector === '') continue
    const path = namespacedPath('/api/v1', part.metadata.namespace ?? '', 'pods')
    const query = { labelSelector, limit: 1 }
    const isOver = async (): Promise<boolean> => {
      const { items } = await get<KubeList<KubeObject>>(caller, path, { query })
      return (items ?? []).length === 0
    }
    const waited = await pollUntil(HELPER_LIMIT_MS, caller.signal, isOver)
    if (waited === undefined) running.push(`${partTitle(part)}: its Pods still run`)
  }
  return running
}
