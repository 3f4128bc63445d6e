import type { PlanKey } from './plan.ts'

// By position, not by split: each of the thousands of writes of a rotation passes here several times.

/** Of `namespace` or `namespace/serviceaccount`, as queue and caches name things. */
export function parsePlanKey(text: string): PlanKey {
  const slash = text.indexOf('/')
  return slash < 0 ? { namespace: text } : { namespace: text.slice(0, slash), serviceAccount: text.slice(slash + 1) }
}

export function formatPlanKey({ namespace, serviceAccount }: PlanKey): string {
  return serviceAccount === undefined ? namespace : `${namespace}/${serviceAccount}`
}

/** The namespace of such a text. */
export function namespaceOf(text: string): string {
  const slash = text.indexOf('/')
  return slash < 0 ? text : text.slice(0, slash)
}
