import { type Command, Option } from 'commander'
import { INPUTS, type InputName } from '../../rollout/inputs/input-table.ts'
import { type Cli, collect, withReleaseOptions, workerRoleOptions } from '../program/command.ts'
import { addInput } from '../program/input-option.ts'
import type { DoctorFlags } from './doctor.ts'
import type { FleetFlags } from './fleet/fleet.ts'
import type { PasswordFlags } from './passwords.ts'

/** Flags of a check of many clusters: inputs of the action's `mode: check`. */
const OF_A_LIST: readonly InputName[] = [
  'clusters-file',
  'cluster',
  'max-parallel',
  'timeout',
  'horizon',
  'values-files',
  'chart',
  'chart-version',
  'role-to-assume',
  'oidc-provider-arn',
]

const ABOUT: Readonly<Partial<Record<InputName, string>>> = {
  'clusters-file': 'check all clusters of this list, as for apply',
  timeout: 'time for each cluster',
}

/**
 * Adds `doctor`, which reports what runs, what is covered and what is wrong, of one cluster or of a
 * list; `doctor pod`, which reports why one Pod can or cannot pull; and `doctor passwords`, which
 * lists the static logins that are left.
 */
export function addDoctor({ program, run }: Cli): void {
  const command = program
    .command('doctor')
    .description(
      'Report the state of acr-nopass in a cluster, or in all clusters of a list, and each problem with its cause, its fix and the command that applies the fix.',
    )
  withDoctorOptions(withReleaseOptions(command), ['error', 'warning', 'info', 'unread', 'drift', 'never'])
  for (const name of OF_A_LIST) {
    const about = ABOUT[name] ?? INPUTS[name].about.replace(/^check: /, '')
    addInput(command, name, { ...INPUTS[name], about }, 'All clusters of a list:')
  }
  command.addHelpText('after', HELP).action(
    run<DoctorFlags & FleetFlags>(async ({ clustersFile }) => {
      if (clustersFile === undefined) return (await import('./doctor.ts')).doctor
      return (await import('./fleet/fleet.ts')).checkClusters
    }),
  )
  const pod = command
    .command('pod')
    .argument('<pod>', 'NAMESPACE/NAME, or NAME or pod/NAME with -n NAMESPACE')
    .description('Explain why a Pod does or does not pull its images, step by step.')
  withDoctorOptions(withReleaseOptions(pod), ['error', 'warning', 'info', 'unread'])
    .option('--ask-registry', 'read the pull secret, and query the registry for the image with the credential in it')
    .addHelpText('after', POD_HELP)
    .action(run(async () => (await import('./doctor.ts')).doctorPod))
  withReleaseOptions(
    command
      .command('passwords')
      .description(
        'List the static logins of ACR in pull secrets: what uses each, and whether acr-nopass replaces it.',
      ),
  )
    .option('--domain <host>', 'custom domain of an ACR instance; repeatable (default: those of the release)', collect)
    .addHelpText('after', PASSWORDS_HELP)
    .action(run<PasswordFlags>(async () => (await import('./passwords.ts')).doctorPasswords))
}

function withDoctorOptions(command: Command, failOn: readonly string[]): Command {
  for (const option of workerRoleOptions('RAM role of the nodes; repeatable (default: read from ACK)')) {
    command.addOption(option)
  }
  return command
    .addOption(
      new Option(
        '--fail-on <severity>',
        'exit with 1 on a finding of this severity or worse; unread: on errors, and when something could not be read (default: error)',
      ).choices(failOn),
    )
    .addOption(
      new Option('--cloud <when>', 'read RAM and the instances too when there are credentials (default: auto)').choices(
        ['auto', 'off'],
      ),
    )
    .option('--ack-cluster-id <id>', 'id of the ACK cluster, if the cluster does not contain it')
    .option('--endpoints <map>', 'other addresses of cloud APIs (YAML map: ram, sts, cs, cr)')
}

const HELP = `
Examples:
  acr-nopass doctor                               the whole cluster
  acr-nopass doctor pod shop/web-5d9c7-x2x4k      why does this Pod not pull?
  acr-nopass doctor -o json | jq '.findings[].id'
  acr-nopass doctor --fail-on warning             in a scheduled job
  acr-nopass doctor --clusters-file clusters.yaml -f values.yaml

Reads only (writes are dry runs, which store nothing), of Secrets only metadata, and with your rights: what could not be read is listed, and then "healthy" in the JSON is null
unless there is an error. Exits with 1 when there is an error; a scheduled job with few rights wants --fail-on unread.

With --clusters-file, every cluster of the list is checked with the access of apply, and compared with its Helm release and with the values
of the list. Nothing is written, not even as a dry run. --fail-on is then error, drift, warning (also what could not be read) or never.

Credentials of Alibaba Cloud (ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET, a role with an OIDC token, or the profile of aliyun) let it
read RAM and the registry instances too. They are never sent anywhere else, and never needed.`

const PASSWORDS_HELP = `
Examples:
  acr-nopass doctor passwords
  acr-nopass doctor passwords --domain images.example.com
  acr-nopass doctor passwords -o json | jq -r '.passwords[] | select(.canGo == "yes") | .secret'

Reads only, with your right to list Secrets in all namespaces. Of their content it keeps hosts and counts: no part of a login is printed.
"can go" needs proof: everything was read, and everything that names the Secret also pulls with acr-nopass. It asks ACR's own hosts, without
a login, which of the uncovered images are public.`

const POD_HELP = `
Examples:
  acr-nopass doctor pod shop/web-5d9c7-x2x4k
  acr-nopass doctor pod web-5d9c7-x2x4k -n shop
  acr-nopass doctor pod shop/web-5d9c7-x2x4k --ask-registry

--ask-registry needs the right to get that one Secret. Its credential is sent only to the registry, and no part of it is printed.`
