import type { GrantCluster, GrantOptions } from '../../policy/helper-grants.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import { type PreparedCluster, prepareClusters, type RamMode } from '../../rollout/inputs/prepare-cluster.ts'
import type { CliHost } from '../program/cli-host.ts'
import { settingsOf } from '../program/settings-of.ts'
import { readValuesFlags, type ValuesFlags } from '../program/values-options.ts'

export interface PolicyFlags extends GrantOptions, ValuesFlags {
  readonly clustersFile?: string
  readonly ackClusterId?: string
  readonly namespace?: string
  readonly release?: string
  readonly ram?: string
  readonly workerRole?: readonly string[]
  readonly ci?: boolean
  readonly readOnly?: boolean
  readonly init?: boolean
  readonly login?: boolean
  readonly registry?: string
  readonly region?: string
  readonly registries?: string
  readonly repositories?: string
  readonly push?: boolean
  readonly createRepositories?: boolean
  readonly adoptPolicy?: boolean
  readonly ramCleanup?: boolean
  readonly github?: string
  readonly subject?: readonly string[]
  readonly oldSubject?: boolean
  readonly ownerId?: string
  readonly repositoryId?: string
  readonly only?: 'policy' | 'trust'
  readonly format?: 'json' | 'terraform'
}

/** The facts about a cluster that RAM documents need, without any calls to the cloud. */
export interface PolicyCluster extends GrantCluster {
  readonly ram: RamMode
  readonly account: string | undefined
  readonly deployRole: string | undefined
}

/** Loads the clusters of a list, or the cluster in the flags. */
export function loadPolicyClusters(flags: PolicyFlags, host: CliHost) {
  const { clustersFile = '', ackClusterId: name = '', namespace = '', release = '', ram = '' } = flags
  const files = { ...readValuesFlags(flags, host).inputs, 'clusters-file': clustersFile }
  const { settings, errors } = settingsOf({ mode: 'validate', ...files, name, namespace, release, ram }, host)
  if (settings === undefined) return { clusters: [], errors }
  // Users often create a role from this output, so the role's ARN may still be missing.
  const prepared = prepareClusters(settings, 'later')
  return { clusters: prepared.clusters.flatMap((cluster) => describeCluster(cluster, flags)), errors: prepared.errors }
}

function describeCluster(
  { name, values, ram, settings }: PreparedCluster,
  flags: PolicyFlags,
): readonly PolicyCluster[] {
  if (values === undefined) return []
  const { access, workerRoles, account, deployRole, namespace, release, expect } = settings
  const isListed = flags.clustersFile !== undefined
  const single = flags.ackClusterId === undefined ? 'the helper' : `cluster ${flags.ackClusterId}`
  return [
    {
      purpose: isListed ? `cluster ${name}` : single,
      values,
      ram,
      clusterId: access.kind === 'ack' ? access.clusterId : isListed ? undefined : flags.ackClusterId,
      kubeSystemUid: expect.kubeSystemUid,
      workerRoles: namedRoles(values.identity, workerRoles.length > 0 ? workerRoles : (flags.workerRole ?? [])),
      account: account ?? flags.accountId,
      deployRole,
      namespace,
      release,
    },
  ]
}
