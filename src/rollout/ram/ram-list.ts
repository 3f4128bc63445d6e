import { findWorkerRoles } from '../../alibaba/cs.ts'
import { NopassError, toNopassError } from '../../errors.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import type { RamCluster } from '../../policy/policy-targets.ts'
import type { CloudAccess, RamList } from '../cluster/cluster-run.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { ClusterSettings } from '../inputs/settings.ts'

/**
 * @param siblings entries that are not selected. Their roles may be shared, but their values are
 *   not known here.
 */
export function createRamList(
  prepared: readonly PreparedCluster[],
  siblings: readonly ClusterSettings[],
  cloud: CloudAccess,
): RamList {
  const own = prepared.filter(({ ram }) => ram === 'worker-role')
  const others = own.length === 0 ? [] : siblings.map((settings) => ({ settings, values: undefined }))

  async function describeCluster(
    { settings, values }: Pick<PreparedCluster, 'settings' | 'values'>,
    signal: AbortSignal,
  ): Promise<RamCluster> {
    const { name, access, deployRole } = settings
    const unknown = (why: string) => new NopassError('WORKER_ROLE_UNKNOWN', `${name} is not selected, and ${why}`)
    // A sibling's roles are read only with credentials that the selected clusters use too, because
    // a job may have no right to the sibling's deploy role.
    if (values === undefined && !own.some((one) => one.settings.deployRole === deployRole)) {
      throw unknown('has a deploy role of its own')
    }
    const named = namedRoles(values?.identity, settings.workerRoles)
    if (values === undefined && named.length === 0 && access.kind !== 'ack') {
      throw unknown('its entry has no `workerRoles`')
    }
    const [{ accountId }, workerRoles] = await Promise.all([
      cloud.caller(settings, signal),
      named.length > 0 || access.kind !== 'ack'
        ? named
        : findWorkerRoles(cloud.cs(settings, access.region, signal), access.clusterId, undefined),
    ])
    const key = access.kind === 'ack' ? access.clusterId : ''
    return { name, key, accountId, registries: values?.registries ?? [], workerRoles }
  }

  async function list(signal: AbortSignal) {
    const unknown = new Map<string, NopassError>()
    const found = await Promise.all(
      [...own, ...others].map((cluster) =>
        describeCluster(cluster, signal).catch(
          (error) => void unknown.set(cluster.settings.name, toNopassError(error)),
        ),
      ),
    )
    return { clusters: found.filter((one) => one !== undefined), unknown }
  }

  let listing: ReturnType<typeof list> | undefined
  return (signal: AbortSignal) => {
    listing ??= list(signal)
    return listing
  }
}
