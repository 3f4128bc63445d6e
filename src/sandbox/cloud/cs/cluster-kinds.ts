/** The kinds of cluster that ACK has, as a seed names them. */
export const CLUSTER_KINDS = ['managed', 'dedicated', 'serverless', 'edge', 'lingjun', 'registered'] as const
export type ClusterKind = (typeof CLUSTER_KINDS)[number]

export const POOL_TYPES = ['ess', 'edge', 'lingjun'] as const
export type PoolType = (typeof POOL_TYPES)[number]

/** How DescribeClusterDetail shows a kind: `cluster_type` and `profile`, and whether it can have RRSA. */
interface KindView {
  readonly type: string
  /** Undefined: has none. */
  readonly profile?: string
  readonly rrsa: boolean
  /** ACK names the addresses of the API server. */
  readonly addresses: boolean
}

export const KIND_VIEWS: Readonly<Record<ClusterKind, KindView>> = {
  managed: { type: 'ManagedKubernetes', profile: 'Default', rrsa: true, addresses: true },
  dedicated: { type: 'Kubernetes', rrsa: false, addresses: true },
  serverless: { type: 'ManagedKubernetes', profile: 'Serverless', rrsa: true, addresses: true },
  edge: { type: 'ManagedKubernetes', profile: 'Edge', rrsa: true, addresses: true },
  lingjun: { type: 'ManagedKubernetes', profile: 'Lingjun', rrsa: true, addresses: true },
  registered: { type: 'ExternalKubernetes', rrsa: false, addresses: false },
}
