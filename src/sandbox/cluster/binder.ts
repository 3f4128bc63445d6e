import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { type KubeObject, namespacedPath } from '../../kube/types.ts'
import { follow } from './follow.ts'
import type { Pod } from './pod.ts'

export interface Binder {
  stop(): Promise<void>
}

/** A minimal scheduler: binds each unscheduled Pod to a suitable node. */
export function startBinder(admin: KubeClient, until: AbortSignal): Binder {
  const end = new AbortController()
  const signal = AbortSignal.any([end.signal, until])
  const bound = new Map<string, number>()
  const nodes = follow<NodeObject>(admin, '/api/v1/nodes', undefined, () => bindAll())
  const pods = follow<Pod & KubeObject>(admin, '/api/v1/pods', 'spec.nodeName=', () => bindAll())
  const requested = new Map<string, string>()

  function bindAll(): void {
    if (!nodes.synced || signal.aborted) return
    const all = [...nodes.entries()].map(([, node]) => node)
    for (const [, pod] of pods.entries()) {
      if (pod.metadata.deletionTimestamp !== undefined) continue
      const choice = chooseNode(pod, all, bound)
      const decision = choice.node ?? choice.reason
      // Write each decision once; the watch delivers its result.
      if (requested.get(pod.metadata.uid) === decision) continue
      requested.set(pod.metadata.uid, decision)
      const work = choice.node === undefined ? report(pod, choice.reason) : bind(pod, choice.node)
      work.catch(() => requested.delete(pod.metadata.uid))
    }
  }

  async function bind({ metadata: { namespace, name, uid } }: Pod, node: string): Promise<void> {
    bound.set(node, (bound.get(node) ?? 0) + 1)
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    }
    const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/binding`
    await admin.request({ method: 'POST', path, body }, signal)
  }

  async function report({ metadata: { namespace, name } }: Pod, message: string): Promise<void> {
    const time = new Date().toISOString()
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: time,
    }
    const path = `${namespacedPath('/api/v1', namespace, 'pods', name)}/status`
    const body = { status: { conditions: [condition] } }
    await admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }, signal)
  }

  const loops = [nodes.run(signal), pods.run(signal)]
  return {
    async stop() {
      end.abort()
      await Promise.all(loops)
    },
  }
}

export interface NodeObject extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

export type Choice =
  | { readonly node: string; readonly reason?: never }
  | { readonly node?: never; readonly reason: string }

/** Of the nodes that are Ready, schedulable and match the nodeSelector, chooses the one with the fewest bound Pods. */
export function chooseNode(pod: Pod, nodes: readonly NodeObject[], bound: ReadonlyMap<string, number>): Choice {
  const feasible = nodes.filter((node) => isReady(node) && isSchedulable(node, pod) && matches(node, pod))
  const count = (node: NodeObject): number => bound.get(node.metadata.name) ?? 0
  const [first] = feasible.sort((a, b) => count(a) - count(b) || a.metadata.name.localeCompare(b.metadata.name))
  if (first) return { node: first.metadata.name }
  return { reason: `0/${nodes.length} nodes are available: none is ready, open and matches the Pod's node selector.` }
}

function isReady(node: NodeObject): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

function isSchedulable({ spec }: NodeObject, pod: Pod): boolean {
  if (spec?.unschedulable) return false
  const taints = (spec?.taints ?? []).filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
  return taints.every((taint) => pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint)) ?? false)
}

function tolerates(toleration: NonNullable<Pod['spec']['tolerations']>[number], taint: Taint): boolean {
  const { key, operator = 'Equal', value = '', effect } = toleration
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  return operator === 'Exists' ? true : key !== undefined && value === (taint.value ?? '')
}

function matches(node: NodeObject, { spec: { nodeSelector = {} } }: Pod): boolean {
  return Object.entries(nodeSelector).every(([key, value]) => node.metadata.labels?.[key] === value)
}
