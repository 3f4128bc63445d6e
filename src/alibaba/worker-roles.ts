import { NopassError } from '../errors.ts'
import { type ClusterDetail, type ClusterKind, type CsTarget, describeClusterDetail, listNodePools } from './cs.ts'

/**
 * Every RAM role that a node of the cluster may have: the cluster's and those of its node pools.
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
  if (roles.size === 0) {
    const { what, hint } = WITHOUT_ROLE[detail.kind] ?? {}
    const message = `ACK names no worker role for ${clusterId}${what ? `, ${what}` : ''}`
    throw new NopassError('WORKER_ROLE_UNKNOWN', message, { ...(hint && { hint }) })
  }
  return [...roles].sort()
}

/** Kinds of cluster whose nodes have no worker role, and the identities that work there. */
const WITHOUT_ROLE: Readonly<Partial<Record<ClusterKind, { readonly what: string; readonly hint: string }>>> = {
  serverless: {
    what: 'a Serverless cluster: ECI has none',
    hint: "Use `identity.type: rrsa`, or give the helper's Pod a role with `identity.workerRole.eciRoleName`.",
  },
  edge: {
    what: 'an Edge cluster without cloud nodes',
    hint: 'Use `identity.type: rrsa`: edge nodes have no metadata service.',
  },
  registered: {
    what: 'a registered cluster: its nodes are not those of ACK',
    hint: 'Use `identity.type: access-key`; where the nodes are ECS instances, name their roles in `workerRoles`.',
  },
}
