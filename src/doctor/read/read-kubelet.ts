import { NopassError } from '../../errors.ts'
import { hasStatus } from '../../kube/api-error.ts'
import { readProviderMetrics } from '../../kube/read/kubelet-metrics.ts'
import type { Reader } from '../../kube/read/reader.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { PluginNode } from '../observed.ts'
import { minorOf } from '../plugin-nodes.ts'
import { FAILED } from './kubelet-log.ts'

/** The configurations of kubelets that pull with a release's registries. */
export interface ExpectedConfigs {
  /** The name of our provider in the kubelet's metrics and log. */
  readonly provider: string
  readonly matchImages: readonly string[]
  /** Whose role pulls, by the hash of the configuration. */
  readonly identities: ReadonlyMap<string, 'service-account' | 'worker-role'>
}

/**
 * A busy kubelet takes some seconds for its metrics. This is the usual limit of Prometheus
 * (`scrape_timeout`).
 */
const LIMIT_MS = 10_000
const METRICS_LIMIT = 16 * 1024 * 1024

export interface NodeObject extends KubeObject {
  readonly status: {
    readonly nodeInfo?: { readonly kubeletVersion?: string }
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

/** The labels that name a node pool: ACK's, else the role of a control plane. */
const POOL = 'alibabacloud.com/nodepool-id'
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane'

export function describeNode({ metadata, status }: NodeObject): PluginNode {
  const { labels = {} } = metadata
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status
  return {
    name: metadata.name,
    version: status.nodeInfo?.kubeletVersion ?? '',
    pool: labels[POOL] ?? (CONTROL_PLANE in labels ? 'control plane' : 'workers'),
    ...(labels.type === 'virtual-kubelet' && { isVirtual: true }),
    // Kubernetes, pkg/controller/nodelifecycle: the condition of a node whose kubelet is silent.
    ...(ready === 'Unknown' && { isSilent: true }),
    config: undefined,
    calls: 0,
    errors: 0,
  }
}

/**
 * The first minor version whose kubelet surely reports the hash of its configuration. Without the
 * metric, an older kubelet may have any configuration.
 */
const REPORTS_HASH = 35

/** Reads one node, and what its kubelet's metrics say. */
export async function readNode(reader: Reader, object: NodeObject, expected: ExpectedConfigs): Promise<PluginNode> {
  const node = describeNode(object)
  if (node.isVirtual) return { ...node, config: 'none' }
  if (node.isSilent) return { ...node, why: 'its kubelet does not report to the API server' }
  let text: string
  try {
    const path = `/api/v1/nodes/${encodeURIComponent(node.name)}/proxy/metrics`
    text = await reader.request<string>(path, { isText: true, timeoutMs: LIMIT_MS, bodyLimit: METRICS_LIMIT })
  } catch (error) {
    return { ...node, why: explain(reader, error) }
  }
  const { configHash, calls, errors } = readProviderMetrics(text, expected.provider)
  const read = { ...node, calls, errors }
  if (configHash !== undefined) {
    const identity = expected.identities.get(configHash)
    return { ...read, config: identity === undefined ? 'other' : 'ours', ...(identity && { identity }) }
  }
  if (!text.includes('\nkubelet_')) return { ...read, why: 'its metrics are not those of a kubelet' }
  if (minorOf(node.version) >= REPORTS_HASH) return { ...read, config: 'none' }
  return { ...read, why: `kubelet ${node.version} does not report its configuration` }
}

/**
 * Queries a kubelet's log: Kubernetes 1.36 or newer, or the feature gate NodeLogQuery, with
 * `enableSystemLogQuery: true` in the kubelet's configuration.
 */
export async function readLog(reader: Reader, name: string): Promise<string | undefined> {
  const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/logs/`
  try {
    const query = { query: 'kubelet', pattern: FAILED, tailLines: 50 }
    return await reader.request<string>(path, { query, isText: true, timeoutMs: LIMIT_MS, bodyLimit: METRICS_LIMIT })
  } catch (error) {
    explain(reader, error)
    return undefined
  }
}

/** Returns why a read failed. Errors of a read that the user has ended are thrown. */
export function explain(reader: Reader, error: unknown): string {
  if (reader.signal.aborted || !(error instanceof NopassError)) throw error
  return hasStatus(error, 403) ? `${REFUSED} (${error.message.replace(/^.*? returned 403: /, '')})` : error.message
}

export const REFUSED = 'you lack the right'
