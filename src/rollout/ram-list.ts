import { type NopassError, toNopassError } from '../errors.ts'
import type { CloudAccess } from './cloud-access.ts'
import type { RamCluster } from './policy-targets.ts'
import type { PreparedCluster } from './prepare-cluster.ts'
import { findWorkerRoles } from './worker-roles.ts'

/** Every cluster of the list that RAM knows by its worker roles; found once, when the first one needs it. */
export interface RamList {
  get(signal: AbortSignal): Promise<RamListing>
}

export interface RamListing {
  readonly clusters: readonly RamCluster[]
  /** Clusters whose roles could not be found: nothing is narrowed while it is unknown who shares what. */
  readonly unknown: ReadonlyMap<string, NopassError>
}

export function createRamList(prepared: readonly PreparedCluster[], cloud: CloudAccess): RamList {
  let listing: Promise<RamListing> | undefined
  return {
    get(signal) {
      listing ??= list(prepared, cloud, signal)
      return listing
    },
  }
}

async function list(
  prepared: readonly PreparedCluster[],
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<RamListing> {
  const unknown = new Map<string, NopassError>()
  const found = await Promise.all(
    prepared
      .filter(({ ram }) => ram === 'worker-role')
      .map(async (cluster) => {
        try {
          return [await describe(cluster, cloud, signal)]
        } catch (error) {
          unknown.set(cluster.name, toNopassError(error))
          return []
        }
      }),
  )
  return { clusters: found.flat(), unknown }
}

async function describe(
  { name, settings, values }: PreparedCluster,
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<RamCluster> {
  const { access, workerRoles } = settings
  const [caller, roles] = await Promise.all([
    cloud.caller(settings, signal),
    workerRoles.length > 0 || access.kind !== 'ack'
      ? workerRoles
      : findWorkerRoles(cloud.cs(settings, access.region), access.clusterId, undefined, signal),
  ])
  return {
    name,
    key: access.kind === 'ack' ? access.clusterId : '',
    accountId: caller.accountId,
    registries: values?.registries ?? [],
    workerRoles: roles,
  }
}
