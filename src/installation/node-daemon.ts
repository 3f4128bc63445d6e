import { unlessStatus } from '../kube/api-error.ts'
import { get, type KubeCaller } from '../kube/client.ts'
import { listPages } from '../kube/list-pages.ts'
import { NODE_APP, NODE_STOP_ANNOTATION } from '../kube/names.ts'
import { OBJECTS_PER_PAGE } from '../kube/read/reader.ts'
import { type KubeObject, namespacedPath, type PodObject } from '../kube/types.ts'
import { parseStopMark, type StopMark } from './stop-mark.ts'

/** The DaemonSet that installs the program on nodes. Its Lease has the same name. */
export interface NodeDaemon {
  readonly namespace: string
  readonly name: string
}

/** How many nodes the DaemonSet has finished. */
export interface DaemonProgress {
  /** False: Kubernetes has not processed the last change of the DaemonSet yet. */
  readonly isProcessed: boolean
  /** How many nodes should have a Pod. */
  readonly nodes: number
  /** How many of them have a Pod. */
  readonly created: number
  /** How many of them have a Pod of the last change that stays ready, at most. */
  readonly done: number
}

/** True if every node is as the values want it. */
export function isComplete({ isProcessed, nodes, done }: DaemonProgress): boolean {
  return isProcessed && nodes > 0 && done === nodes
}

interface DaemonSet extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly generation?: number }
  readonly status?: {
    readonly observedGeneration?: number
    readonly desiredNumberScheduled?: number
    readonly currentNumberScheduled?: number
    readonly updatedNumberScheduled?: number
    readonly numberAvailable?: number
  }
}

/**
 * Undefined: the DaemonSet does not exist. A Pod counts after the `minReadySeconds` of the chart,
 * because a kubelet that was restarted may report it as ready at first.
 */
export async function readProgress(
  caller: KubeCaller,
  { namespace, name }: NodeDaemon,
): Promise<DaemonProgress | undefined> {
  const path = namespacedPath('/apis/apps/v1', namespace, 'daemonsets', name)
  const found = await unlessStatus(get<DaemonSet>(caller, path), 404)
  if (found === undefined) return undefined
  const { observedGeneration = 0, desiredNumberScheduled: nodes = 0, ...rest } = found.status ?? {}
  const { currentNumberScheduled: created = 0, updatedNumberScheduled: updated = 0, numberAvailable: ready = 0 } = rest
  const isProcessed = observedGeneration >= (found.metadata.generation ?? 0)
  return { isProcessed, nodes, created, done: Math.min(updated, ready) }
}

/** A node whose Pod of the DaemonSet is not ready. */
export interface WaitingNode {
  readonly name: string
  /** When the Pod was created. Undefined if it is being deleted: it may have old values. */
  readonly since: string | undefined
}

/**
 * Returns the nodes whose Pods are not ready, sorted by their names. Several releases may have the
 * same `node.namespace`, so only Pods that belong to this DaemonSet count.
 */
export async function listWaiting(
  { client, signal }: KubeCaller,
  { namespace, name }: NodeDaemon,
): Promise<readonly WaitingNode[]> {
  const path = namespacedPath('/api/v1', namespace, 'pods')
  const query = { labelSelector: `app.kubernetes.io/name=${NODE_APP}` }
  const waiting: WaitingNode[] = []
  for await (const { items } of listPages<PodObject>(client, { path, query, pageSize: OBJECTS_PER_PAGE }, signal)) {
    for (const pod of items ?? []) {
      const node = pod.spec?.nodeName
      if (node === undefined || !belongsTo(name, pod) || isReady(pod)) continue
      const { creationTimestamp, deletionTimestamp } = pod.metadata
      waiting.push({ name: node, since: deletionTimestamp === undefined ? creationTimestamp : undefined })
    }
  }
  return waiting.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** The controller of DaemonSets names the DaemonSet in each Pod, whatever labels it has. */
function belongsTo(daemonSet: string, { metadata }: PodObject): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'DaemonSet' && name === daemonSet)
}

function isReady({ status }: PodObject): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false
}

/** Returns the mark of a node that stopped the others, as {@link parseStopMark} does. */
export async function readStopMark(
  caller: KubeCaller,
  { namespace, name }: NodeDaemon,
): Promise<StopMark | null | undefined> {
  const path = namespacedPath('/apis/coordination.k8s.io/v1', namespace, 'leases', name)
  const lease = await unlessStatus(get<KubeObject>(caller, path), 404)
  return parseStopMark(lease?.metadata.annotations?.[NODE_STOP_ANNOTATION])
}
