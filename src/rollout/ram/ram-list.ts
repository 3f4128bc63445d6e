import { findWorkerRoles } from '../../alibaba/cs.ts'
import { NopassError, toNopassError } from '../../errors.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import type { RamCluster } from '../../policy/policy-targets.ts'
import type { CloudAccess } from '../connect/cloud-access.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { ClusterSettings } from '../inputs/settings.ts'

/** All clusters of the list with worker roles; read once, when first needed. */
export type RamList = ReturnType<typeof createRamList>

export interface RamListing {
  readonly clusters: readonly RamCluster[]
  /** Clusters with unknown roles: nothing is narrowed while sharing is unknown. */
  readonly unknown: ReadonlyMap<string, NopassError>
}

/** @param siblings entries that are not selected: their roles may be shared, their values are not known here */
export function createRamList(
  prepared: readonly PreparedCluster[],
  siblings: readonly ClusterSettings[],
  cloud: CloudAccess,
) {
  let listing: Promise<RamListing> | undefined
  return (signal: AbortSignal): Promise<RamListing> => {
    listing ??= list(prepared, siblings, cloud, signal)
    return listing
  }
}

async function list(
  prepared: readonly PreparedCluster[],
  siblings: readonly ClusterSettings[],
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<RamListing> {
  const unknown = new Map<string, NopassError>()
  const own = prepared.filter(({ ram }) => ram === 'worker-role')
  const attempt = async (name: string, work: () => Promise<RamCluster>): Promise<readonly RamCluster[]> => {
    try {
      return [await work()]
    } catch (error) {
      unknown.set(name, toNopassError(error))
      return []
    }
  }
  const found = await Promise.all([
    ...own.map(({ name, settings, values }) => attempt(name, () => describe(settings, values, cloud, signal))),
    ...(own.length === 0 ? [] : siblings).map((sibling) =>
      attempt(sibling.name, () => describeSibling(sibling, own, cloud, signal)),
    ),
  ])
  return { clusters: found.flat(), unknown }
}

/** Only with credentials that the selected clusters use too: a job may have no right to the deploy role of its siblings. */
async function describeSibling(
  sibling: ClusterSettings,
  own: readonly PreparedCluster[],
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<RamCluster> {
  if (own.some(({ settings }) => settings.deployRole === sibling.deployRole)) {
    return describe(sibling, undefined, cloud, signal)
  }
  throw new NopassError('WORKER_ROLE_UNKNOWN', `${sibling.name} is not selected and has a deploy role of its own`)
}

async function describe(
  settings: ClusterSettings,
  values: PreparedCluster['values'],
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<RamCluster> {
  const { name, access } = settings
  const named = namedRoles(values?.identity, settings.workerRoles)
  if (values === undefined && named.length === 0 && access.kind !== 'ack') {
    throw new NopassError('WORKER_ROLE_UNKNOWN', `${name} is not selected, and its entry has no \`workerRoles\``)
  }
  const [caller, roles] = await Promise.all([
    cloud.caller(settings, signal),
    named.length > 0 || access.kind !== 'ack'
      ? named
      : findWorkerRoles(cloud.cs(settings, access.region, signal), access.clusterId, undefined),
  ])
  return {
    name,
    key: access.kind === 'ack' ? access.clusterId : '',
    accountId: caller.accountId,
    registries: values?.registries ?? [],
    workerRoles: roles,
  }
}
