import type { NopassError } from '../../errors.ts'
import { readInputFile } from '../../lib/files.ts'
import type { GrantCluster } from '../../policy/helper-grants.ts'
import { namedRoles } from '../../policy/policy-target.ts'
import type { InputName } from '../../rollout/inputs/input-table.ts'
import { loadSettings } from '../../rollout/inputs/load-settings.ts'
import { type PreparedCluster, prepareClusters, type RamMode, ramMode } from '../../rollout/inputs/prepare-cluster.ts'
import { readInputs } from '../../rollout/inputs/read-inputs.ts'
import { loadValues } from '../../values/load-values.ts'
import { decodeText } from '../../values/yaml/decode-text.ts'
import { settingsDeps } from '../connect.ts'
import type { CliHost } from '../program/cli-host.ts'
import type { PolicyFlags } from './flags.ts'

/** A cluster as needed for RAM documents, without any calls to the cloud. */
export interface PolicyCluster extends GrantCluster {
  readonly name: string
  readonly ram: RamMode
  readonly account: string | undefined
  readonly deployRole: string | undefined
}

export interface LoadedPolicyClusters {
  readonly clusters: readonly PolicyCluster[]
  readonly errors: readonly NopassError[]
}

/** The clusters of a list, or the one in the flags. */
export async function loadPolicyClusters(flags: PolicyFlags, host: CliHost): Promise<LoadedPolicyClusters> {
  return flags.clustersFile === undefined ? loadSingle(flags, host) : loadList(flags, flags.clustersFile, host)
}

async function loadList(flags: PolicyFlags, clustersFile: string, host: CliHost): Promise<LoadedPolicyClusters> {
  const given: Partial<Record<InputName, string | undefined>> = {
    mode: 'validate',
    'values-files': (flags.file ?? []).join('\n'),
    'clusters-file': clustersFile,
    namespace: flags.namespace,
    release: flags.release,
    ram: flags.ram,
  }
  const { settings, errors } = loadSettings(
    readInputs((name) => given[name]),
    settingsDeps(host),
  )
  if (settings === undefined) return { clusters: [], errors }
  const prepared = prepareClusters(settings, { rrsaComesLater: true })
  return { clusters: prepared.clusters.flatMap((cluster) => describe(cluster, flags)), errors: prepared.errors }
}

function describe({ name, values, ram, settings }: PreparedCluster, flags: PolicyFlags): readonly PolicyCluster[] {
  if (values === undefined) return []
  const { access, workerRoles, account, deployRole, namespace, release, expect } = settings
  return [
    {
      name,
      purpose: `cluster ${name}`,
      values,
      ram,
      clusterId: access.kind === 'ack' ? access.clusterId : undefined,
      kubeSystemUid: expect.kubeSystemUid,
      workerRoles: namedRoles(values.identity, workerRoles.length > 0 ? workerRoles : (flags.workerRole ?? [])),
      account: account ?? flags.accountId,
      deployRole,
      namespace,
      release,
    },
  ]
}

async function loadSingle(flags: PolicyFlags, host: CliHost): Promise<LoadedPolicyClusters> {
  const files = await Promise.all((flags.file ?? []).map((name) => read(name, host)))
  // The role is often created from this output, so its ARN may still be missing.
  const { values, errors } = loadValues({ files, rrsaComesLater: true })
  if (values === undefined) return { clusters: [], errors }
  const cluster = flags.ackClusterId ?? 'cluster'
  const { ram } = readInputs((input) => (input === 'ram' ? flags.ram : undefined))
  return {
    errors: [],
    clusters: [
      {
        name: cluster,
        purpose: flags.ackClusterId === undefined ? 'the helper' : `cluster ${cluster}`,
        values,
        ram: ramMode(ram, values.identity.type, cluster),
        clusterId: flags.ackClusterId,
        kubeSystemUid: undefined,
        workerRoles: namedRoles(values.identity, flags.workerRole ?? []),
        account: flags.accountId,
        deployRole: undefined,
        namespace: flags.namespace ?? 'acr-nopass',
        release: flags.release ?? 'acr-nopass',
      },
    ],
  }
}

function read(name: string, { workingDirectory }: CliHost): { name: string; text: string } {
  return { name, text: decodeText(readInputFile({ input: '--file', name, folder: workingDirectory })) }
}
