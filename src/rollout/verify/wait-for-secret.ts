import { unlessStatus } from '../../kube/api-error.ts'
import { type KubeClient, METADATA_ONLY } from '../../kube/client.ts'
import {
  ANNOTATION_EXPIRES_AT,
  ANNOTATION_REGISTRIES,
  LABEL_INSTANCE,
  LABEL_MANAGED_BY,
  MANAGED_BY,
} from '../../kube/names.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import type { ObjectMeta } from '../../kube/types.ts'

/** The expected metadata of a pull secret. */
export interface ExpectedSecret {
  readonly name: string
  /** `<release namespace>.<release name>`. */
  readonly instance: string
  /** In an existing namespace: the registries that it must hold. */
  readonly registries: readonly string[] | undefined
}

/**
 * Waits for the Secret and returns the milliseconds, or what was wrong with it last. An existing namespace may already have a Secret,
 * so it has to be this release's, with these registries and a credential that has not expired.
 */
export async function waitForSecret(
  client: KubeClient,
  namespace: string,
  expected: ExpectedSecret,
  limits: { readonly limitMs: number; readonly now: () => number },
  signal: AbortSignal,
): Promise<{ readonly ms: number } | { readonly seen: string }> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${expected.name}`
  let seen = 'did not appear'
  const ms = await pollUntil(limits.limitMs, signal, async () => {
    const call = { method: 'GET', path, accept: METADATA_ONLY } as const
    const secret = await unlessStatus(client.request<{ metadata: ObjectMeta }>(call, signal), 404)
    if (secret === undefined) return false
    const problem = judgeSecret(secret.metadata, expected, limits.now())
    seen = problem ?? seen
    return problem === undefined
  })
  return ms === undefined ? { seen } : { ms }
}

/** What is wrong with a Secret of our name; undefined: nothing. */
function judgeSecret(
  { labels = {}, annotations = {} }: ObjectMeta,
  { instance, registries }: ExpectedSecret,
  now: number,
): string | undefined {
  if (registries === undefined) return undefined
  if (labels[LABEL_MANAGED_BY] !== MANAGED_BY || labels[LABEL_INSTANCE] !== instance) return 'is not of this release'
  const found = (annotations[ANNOTATION_REGISTRIES] ?? '').split(',').filter(Boolean)
  if (found.toSorted().join() !== registries.toSorted().join()) {
    return `holds ${found.join(', ') || 'no registry'} instead of ${registries.join(', ')}`
  }
  const expiresAt = annotations[ANNOTATION_EXPIRES_AT] ?? ''
  return Date.parse(expiresAt) <= now ? `expired at ${expiresAt}` : undefined
}
