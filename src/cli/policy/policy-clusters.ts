import type { GrantCluster } from '../../policy/helper-grants.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import type { InputName } from '../../rollout/inputs/input-table.ts'
import { loadSettings } from '../../rollout/inputs/load-settings.ts'
import { type PreparedCluster, prepareClusters, type RamMode } from '../../rollout/inputs/prepare-cluster.ts'
import { readInputs } from '../../rollout/inputs/read-inputs.ts'
import { settingsDeps } from '../connect.ts'
import type { CliHost } from '../program/cli-host.ts'
import type { PolicyFlags } from './flags.ts'

/** A cluster as needed for RAM documents, without any calls to the cloud. */
export interface PolicyCluster extends GrantCluster {
  readonly ram: RamMode
  readonly account: string | undefined
  readonly deployRole: string | undefined
}

/** The clusters of a list, or the one in the flags. */
export function loadPolicyClusters(flags: PolicyFlags, host: CliHost) {
  const given: Partial<Record<InputName, string | undefined>> = {
    mode: 'validate',
    'values-files': (flags.file ?? []).join('\n'),
    'clusters-file': flags.clustersFile,
    name: flags.ackClusterId,
    namespace: flags.namespace,
    release: flags.release,
    ram: flags.ram,
  }
  const { settings, errors } = loadSettings(
    readInputs((name) => given[name]),
    settingsDeps(host),
  )
  if (settings === undefined) return { clusters: [], errors }
  // A role is often created from this output, so its ARN may still be missing.
  const prepared = prepareClusters(settings, { rrsaComesLater: true })
  return { clusters: prepared.clusters.flatMap((cluster) => describe(cluster, flags)), errors: prepared.errors }
}

function describe({ name, values, ram, settings }: PreparedCluster, flags: PolicyFlags): readonly PolicyCluster[] {
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
