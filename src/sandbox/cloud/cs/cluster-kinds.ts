import type { SeedCluster } from '../seed/seed.generated.ts'

/** ACK's kinds of cluster, by their names in a seed. */
export type ClusterKind = NonNullable<SeedCluster['kind']>
export type PoolType = NonNullable<NonNullable<SeedCluster['nodePools']>[number]['type']>

/** How DescribeClusterDetail shows a kind of cluster. */
interface KindView {
  /** `cluster_type`. */
  readonly type: string
  /** Only ManagedKubernetes has one. */
  readonly profile?: string
  /** Whether the kind supports RRSA. */
  readonly rrsa: boolean
  /** Whether ACK returns the addresses of the API server. */
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
