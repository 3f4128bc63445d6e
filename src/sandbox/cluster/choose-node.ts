import type { KubeObject } from '../../kube/types.ts'
import type { Pod } from './pod.ts'

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

/** The node with the fewest Pods among those that are Ready, open, tolerated and match the Pod's nodeSelector. */
export function chooseNode(pod: Pod, nodes: readonly NodeObject[], bound: ReadonlyMap<string, number>): Choice {
  const fitting = nodes.filter((node) => isReady(node) && isOpen(node, pod) && matches(node, pod))
  const count = (node: NodeObject): number => bound.get(node.metadata.name) ?? 0
  const [first] = fitting.sort((a, b) => count(a) - count(b) || a.metadata.name.localeCompare(b.metadata.name))
  if (first) return { node: first.metadata.name }
  return { reason: `0/${nodes.length} nodes are available: none is ready, open and matches the Pod's node selector.` }
}

function isReady(node: NodeObject): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

function isOpen({ spec }: NodeObject, pod: Pod): boolean {
  if (spec?.unschedulable) return false
  const closing = (spec?.taints ?? []).filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
  return closing.every((taint) => pod.spec.tolerations?.some((toleration) => tolerates(toleration, taint)) ?? false)
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
