import { type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import { type KubeObject, namespacedPath } from '../../src/kube/types.ts'
import { follow } from './follow.ts'
import type { Pod } from './pod.ts'

/**
 * A minimal scheduler: binds each unscheduled Pod to a suitable node until the signal aborts. Never
 * rejects.
 */
export async function runBinder(admin: KubeClient, signal: AbortSignal): Promise<void> {
  const nodes = follow<NodeObject>(admin, '/api/v1/nodes', undefined, () => bindAll())
  const pods = follow<Pod & KubeObject>(admin, '/api/v1/pods', 'spec.nodeName=', () => bindAll())
  const requested = new Map<string, string | undefined>()

  function bindAll(): void {
    if (!nodes.synced || signal.aborted) return
    const all = [...nodes.entries()].map(([, node]) => node)
    for (const [, pod] of pods.entries()) {
      const { uid, deletionTimestamp } = pod.metadata
      if (deletionTimestamp !== undefined) continue
      const node = all.find((one) => fitsOnNode(one, pod))?.metadata.name
      // Each decision is written once. The watch delivers its result.
      if (requested.has(uid) && requested.get(uid) === node) continue
      requested.set(uid, node)
      const work = node === undefined ? report(pod, all.length) : bind(pod, node)
      work.catch(() => requested.delete(uid))
    }
  }

  async function bind({ metadata: { namespace, name, uid } }: Pod, node: string): Promise<void> {
    const target = { apiVersion: 'v1', kind: 'Node', name: node }
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, uid }, target }
    const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/binding`
    await admin.request({ method: 'POST', path, body }, signal)
  }

  async function report({ metadata: { namespace, name } }: Pod, nodeCount: number): Promise<void> {
    const message = `0/${nodeCount} nodes are available: none is ready, open and matches the Pod's node selector.`
    const reason = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }
    const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/status`
    const body = { status: { conditions: [{ ...reason, lastTransitionTime: new Date() }] } }
    await admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal)
  }

  await Promise.all([nodes.run(signal), pods.run(signal)])
}

export interface NodeObject extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/** True if a node is Ready, schedulable and has the labels of the Pod's nodeSelector. */
export function fitsOnNode({ metadata, spec, status }: NodeObject, { spec: { nodeSelector = {} } }: Pod): boolean {
  const isReady = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false
  const matches = Object.entries(nodeSelector).every(([key, value]) => metadata.labels?.[key] === value)
  return isReady && !spec?.unschedulable && matches
}
