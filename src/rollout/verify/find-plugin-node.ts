import { KubeApiError } from '../../kube/api-error.ts'
import { get, type KubeCaller } from '../../kube/client.ts'
import { NODE_PROVIDER } from '../../kube/names.ts'
import { readProviderMetrics } from '../../kube/read/kubelet-metrics.ts'
import type { KubeList, KubeObject } from '../../kube/types.ts'

/** How many kubelets are asked. A kubelet's metrics have some hundred kilobytes. */
const MOST_NODES = 20

interface NodeObject extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/**
 * Finds a node whose kubelet has called our program. Other nodes of the cluster may need a pull
 * secret.
 */
export async function findPluginNode(
  caller: KubeCaller,
): Promise<{ readonly node: string } | { readonly why: string }> {
  try {
    const query = { limit: 100 }
    const { items } = await get<KubeList<NodeObject>>(caller, '/api/v1/nodes', { query })
    const ready = (items ?? []).filter(isUsable).slice(0, MOST_NODES)
    for (const { metadata } of ready) {
      if ((await countProviderCalls(caller, metadata.name)) > 0) return { node: metadata.name }
    }
    return { why: `none of ${ready.length} Ready nodes has a kubelet that has called the program` }
  } catch (error) {
    return { why: explainRead(error) }
  }
}

function isUsable({ spec, status }: NodeObject): boolean {
  const isReady = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false
  return isReady && spec?.unschedulable !== true
}

/** Returns how often the kubelet of a node has called our program. */
export async function countProviderCalls(caller: KubeCaller, node: string): Promise<number> {
  const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/metrics`
  return readProviderMetrics(await get<string>(caller, path, { isText: true }), NODE_PROVIDER).calls
}

/** Returns why kubelets could not be read. @throws any error that is not of the API server */
export function explainRead(error: unknown): string {
  if (!(error instanceof KubeApiError)) throw error
  return error.status === 403 ? 'the deployer lacks list of nodes or get of nodes/proxy' : error.message
}
