import type { KubeClient } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { clusterKey } from '../../policy/names.ts'
import type { Reader } from '../../release/reader.ts'
import type { ClusterPlace } from './cloud-facts.ts'

/** ACK's ConfigMap in each of its clusters; the CSI driver reads the same keys. */
const PROFILE = '/api/v1/namespaces/kube-system/configmaps/ack-cluster-profile'

/** The location of a cluster, read from its objects. `given` are the user's flags and the values of the release. */
export async function readPlace(
  client: KubeClient,
  reader: Reader,
  given: { readonly clusterId: string | undefined; readonly region: string },
  signal: AbortSignal,
): Promise<ClusterPlace> {
  const [profile, home, region] = await Promise.all([
    reader.get<{ readonly data?: Readonly<Record<string, string>> }>(
      'ConfigMap kube-system/ack-cluster-profile',
      PROFILE,
    ),
    reader.get<KubeObject>('Namespace kube-system', '/api/v1/namespaces/kube-system'),
    given.region || readRegion(client, reader, signal),
  ])
  const { clusterid, uid, vpcid, 'vsw-zone': vswitches } = profile?.data ?? {}
  const clusterId = given.clusterId ?? (clusterid || undefined)
  // A cluster that was named by hand may be another than the one that the profile speaks of.
  const own = clusterId === clusterid
  return {
    clusterId,
    accountId: (own && uid) || undefined,
    region,
    vpcId: (own && vpcid) || undefined,
    // `vsw-a:cn-hangzhou-h,vsw-b:cn-hangzhou-i`
    vswitchId: (own && vswitches?.split(/[:,]/)[0]) || undefined,
    key: clusterKey({ clusterId, kubeSystemUid: home?.metadata.uid }),
  }
}

async function readRegion(client: KubeClient, reader: Reader, signal: AbortSignal): Promise<string> {
  const call = { method: 'GET', path: '/api/v1/nodes', query: { limit: 1 } } as const
  const list = await reader.attempt('Nodes', () => client.request<{ items?: readonly KubeObject[] }>(call, signal))
  return list?.items?.[0]?.metadata.labels?.['topology.kubernetes.io/region'] ?? ''
}
