import type { PlannedAction } from './actions.ts'
import { planAttachment } from './plan-attachment.ts'
import type { PlanContext } from './plan-context.ts'
import { planSecret } from './plan-secret.ts'

/** Identifies a namespace's Secret or, with `serviceAccount`, one ServiceAccount. */
export interface PlanKey {
  readonly namespace: string
  readonly serviceAccount?: string
}

/** Plans one key. Undefined if the object no longer exists. Pure. */
export function planKey(context: PlanContext, key: PlanKey): PlannedAction | undefined {
  const namespace = context.observed.namespace(key.namespace)
  if (namespace === undefined) return undefined
  if (key.serviceAccount === undefined) return planSecret(context, namespace)
  const serviceAccount = context.observed.serviceAccount(key.namespace, key.serviceAccount)
  return serviceAccount && planAttachment(context, namespace, serviceAccount)
}

/**
 * Plans every key, for the status: for each namespace its Secret, then its
 * ServiceAccounts.
 */
export function* plan(context: PlanContext): Generator<{ key: PlanKey; decision: PlannedAction }> {
  for (const namespace of context.observed.namespaces()) {
    yield { key: { namespace: namespace.name }, decision: planSecret(context, namespace) }
    for (const account of context.observed.serviceAccountsIn(namespace.name)) {
      const key = { namespace: namespace.name, serviceAccount: account.name }
      yield { key, decision: planAttachment(context, namespace, account) }
    }
  }
}

/**
 * Parses a key of the queue and the caches: `namespace` or `namespace/serviceaccount`. Slices the
 * text, because a rotation parses thousands of keys.
 */
export function parsePlanKey(text: string): PlanKey {
  const slash = text.indexOf('/')
  return slash < 0 ? { namespace: text } : { namespace: text.slice(0, slash), serviceAccount: text.slice(slash + 1) }
}

export function formatPlanKey({ namespace, serviceAccount }: PlanKey): string {
  return serviceAccount === undefined ? namespace : `${namespace}/${serviceAccount}`
}
