import { type ClusterDetail, describeClusterDetail, findWorkerRoles } from '../../alibaba/cs.ts'
import type { CloudTarget } from '../../alibaba/transport/cloud-transport.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import { parseIssuers } from '../../policy/trust-document.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { ClusterPlace } from './cloud-facts.ts'
import type { CloudReader } from './cloud-reader.ts'

export interface AckFacts {
  readonly workerRoles: readonly string[]
  readonly vpcId: string | undefined
  /** Of the cluster's tokens, where the identity is RRSA. */
  readonly issuers: readonly string[]
}

/** The cluster's VPC, issuers and the RAM roles of its nodes, as far as they are needed and only ACK has them. */
export async function readAckCluster(
  csIn: (region: string) => CloudTarget,
  reader: CloudReader,
  given: { readonly config: HelperConfig; readonly place: ClusterPlace; readonly workerRoles: readonly string[] },
  signal: AbortSignal,
): Promise<AckFacts> {
  const { config, place } = given
  const { clusterId, region, vpcId } = place
  const named = namedRoles(config.identity, given.workerRoles)
  const needsRoles = config.identity.type === 'worker-role' && named.length === 0
  const needsVpc = vpcId === undefined && config.registries.some(isReachedByVpc)
  const needsIssuers = config.identity.type === 'rrsa'
  const known = { workerRoles: named, vpcId, issuers: [] }
  if (!needsRoles && !needsVpc && !needsIssuers) return known
  if (clusterId === undefined || region === '') {
    const why = 'the cluster does not report that it is an ACK cluster'
    if (needsVpc) reader.note("the cluster's VPC", `${why}; name it with --ack-cluster-id`)
    if (needsRoles)
      reader.note('the RAM roles of the nodes', `${why}; name them with --worker-role, or --ack-cluster-id`)
    return known
  }
  const cs = csIn(region)
  const what = `ACK cluster ${clusterId}`
  const detail = await reader.attempt(what, 'cs:DescribeClusterDetail', () =>
    describeClusterDetail(cs, clusterId, signal),
  )
  return {
    vpcId: vpcId ?? (detail?.vpcId || undefined),
    workerRoles: needsRoles && detail ? await readRoles(cs, reader, detail, signal) : named,
    issuers: needsIssuers && detail?.rrsa.enabled ? parseIssuers(detail.rrsa.issuers) : [],
  }
}

async function readRoles(
  cs: CloudTarget,
  reader: CloudReader,
  detail: ClusterDetail,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { clusterId, workerRole } = detail
  const find = () => findWorkerRoles(cs, clusterId, detail, signal)
  const all = await reader.attempt(`node pools of ACK cluster ${clusterId}`, 'cs:DescribeClusterNodePools', find)
  return all ?? (workerRole === '' ? [] : [workerRole])
}

function isReachedByVpc({ edition, network }: HelperConfig['registries'][number]): boolean {
  return edition === 'enterprise' && network !== 'public'
}
