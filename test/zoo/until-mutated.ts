import type { KubeClient } from '../../src/kube/client.ts'
import { eventually } from '../support/eventually.ts'
import { SECRET } from './draw-zoo.ts'
import { listAt } from './kinds.ts'

type Call = (call: Parameters<KubeClient['request']>[0]) => Promise<unknown>

/** Waits until new Pods of the namespace get the reference at admission, or no longer get it. */
export async function untilMutated(call: Call, namespace: string, wanted: boolean, limitMs: number): Promise<void> {
  const body = { metadata: { name: 'tried' }, spec: { containers: [{ name: 'app', image: 'probe.invalid/probe' }] } }
  await eventually(async () => {
    const pod = await call({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { dryRun: 'All' },
      body,
    })
    if (referencesOf(pod).includes(SECRET) !== wanted)
      throw new Error(`Pods of ${namespace}: reference is not ${wanted}`)
  }, limitMs)
}

/**
 * Waits until no policy of an earlier zoo is active. That zoo may have deleted its policy a moment
 * ago, and the API server applies the policy until it notices the deletion. Each namespace is
 * checked, because a policy may select only some.
 */
export async function untilNoneIsMutated(call: Call, namespaces: readonly string[], limitMs: number): Promise<void> {
  for (const namespace of namespaces) await untilMutated(call, namespace, false, limitMs)
}

export const referencesOf = (pod: unknown): readonly unknown[] =>
  listAt(pod, ['spec', 'imagePullSecrets']).map(({ name }) => name)
