import type { Reader } from '../../kube/read/reader.ts'
import type { KubeObject } from '../../kube/types.ts'
import { clusterKey } from '../../policy/ram-names.ts'

/** The location of the cluster, as far as known. */
export type ClusterPlace = Awaited<ReturnType<typeof readPlace>>

/** The ConfigMap that ACK creates in each cluster. The CSI driver reads the same keys. */
const PROFILE = '/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile'

/**
 * Reads the location of a cluster from its objects. `given` are the user's flags and the release's
 * values.
 */
export async function readPlace(
  reader: Reader,
  given: { readonly clusterId: string | undefined; readonly region: string },
) {
  const [profile, home, region] = await Promise.all([
    reader.get<{ readonly data?: Readonly<Record<string, string>> }>(
      'ConfigMap kube-system/ack-cluster-profile',
      PROFILE,
    ),
    reader.get<KubeObject>('Namespace kube-system', '/api/v1/namespaces/kube-system'),
    given.region || readRegion(reader),
  ])
  const { clusterid, uid, vpcid, 'vsw-zone': vswitches } = profile?.data ?? {}
  const clusterId = given.clusterId ?? (clusterid || undefined)
  // A cluster ID from a flag may differ from the profile's.
  const own = clusterId === clusterid
  return {
    /** The ID of the cluster in ACK. */
    clusterId,
    accountId: (own && uid) || undefined,
    region,
    vpcId: (own && vpcid) || undefined,
    // `vsw-a:cn-hangzhou-h,vsw-b:cn-hangzhou-i`
    vswitchId: (own && vswitches?.split(/[:,]/)[0]) || undefined,
    /** Identifies the cluster's policy and role; empty: unknown. */
    key: clusterKey({ clusterId, kubeSystemUid: home?.metadata.uid }),
  }
}

async function readRegion(reader: Reader): Promise<string> {
  type Nodes = { readonly items?: readonly KubeObject[] }
  const list = await reader.attempt('Nodes', () => reader.request<Nodes>('/api/v1/nodes', { query: { limit: 1 } }))
  return list?.items?.[0]?.metadata.labels?.['topology.kubernetes.io/region'] ?? ''
}
