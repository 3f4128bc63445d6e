import { type ClusterDetail, type CsTarget, describeClusterDetail, listNodePools } from '../alibaba/cs.ts'
import { NopassError } from '../errors.ts'

/**
 * Every RAM role that a node of the cluster may have: the cluster's own and those of its node pools.
 * @throws NopassError `WORKER_ROLE_UNKNOWN`
 */
export async function findWorkerRoles(
  cs: CsTarget,
  clusterId: string,
  known: ClusterDetail | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [detail, pools] = await Promise.all([
    known ?? describeClusterDetail(cs, clusterId, signal),
    listNodePools(cs, clusterId, signal),
  ])
  const roles = new Set([detail.workerRole, ...pools.map(({ ramRole }) => ramRole)].filter((role) => role !== ''))
  if (roles.size === 0) throw new NopassError('WORKER_ROLE_UNKNOWN', `ACK names no worker role for ${clusterId}`)
  return [...roles].sort()
}
