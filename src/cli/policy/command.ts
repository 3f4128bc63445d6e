import { InvalidArgumentError, Option } from 'commander'
import {
  type Cli,
  collect,
  collectLines,
  OldSpelling,
  withCommonOptions,
  workerRoleOptions,
} from '../program/command.ts'
import { withValuesOptions } from '../program/values-options.ts'

/** Adds `policy`: prints the documents for users who apply them themselves. Writes nothing. */
export function addPolicy({ program, run }: Cli): void {
  const command = withValuesOptions(
    program
      .command('policy')
      .description('Print the RAM policy and trust documents, for those who apply them themselves. Changes nothing.'),
  )
    .option('--clusters-file <file>', 'list of clusters: print the documents of each')
    .option('--ack-cluster-id <id>', 'ID of the ACK cluster, for the name of its policy (without --clusters-file)')
    .option('-n, --namespace <name>', 'namespace of the release (default: acr-nopass)')
    .option('--release <name>', 'name of the release (default: acr-nopass)')
    .option(
      '--service-account <name>',
      "the helper's ServiceAccount, for a trust policy (RRSA); needed under an alias of an umbrella chart",
    )
    .addOption(
      new Option('--ram <auto|worker-role|rrsa|none>', 'like the input ram (default: auto)').choices([
        'auto',
        'worker-role',
        'rrsa',
        'none',
      ]),
    )
    .addOption(
      new Option('--ram-scope <instance|all>', 'the repositories in the values, or all (default: instance)').choices([
        'instance',
        'all',
      ]),
    )
    .option('--account-id <id>', 'account that owns the registries (default: any)')
    .option('--role-arn <arn>', 'role that the helper assumes, for the trust of assumeRole chains')
    .option(
      '--issuer <url>',
      "issuer of the tokens: the cluster's (RRSA), or with --github GitHub's (default: github.com's)",
    )
    .option('--oidc-provider-arn <arn>', 'OIDC provider for a trust document (RRSA, --github)')
    .option('--ci', "the least policy for the workflow's own role, instead of the helper's")
    .option('--read-only', '--ci: for a job that only checks the clusters (mode: check)')
    .option('--init', '--ci: for the person who runs `init`; reads only, and needs no values')
    .option('--login', '--ci: for a job that logs in to registries (mode: login); give a job that deploys another role')
    .option('--registry <instance>', '--login: an instance id, or one of its domains; else entries of the values')
    .option('--region <id>', '--login: region of the registry, unless its domain has it')
    .option('--registries <list>', '--login: names of entries in the values (default: all)', collectLines)
    .option('--repositories <list>', '--login: what may be pulled (default: the list of the entry)', collectLines)
    .addOption(toSwitch('--push', '--login: also allow pushes to these repositories'))
    .addOption(
      toSwitch('--create-repositories', '--login: also let a push create its repository (cr:CreateRepository)'),
    )
    .addOption(toSwitch('--adopt-policy', '--ci: the workflow will use adopt-policy'))
    .addOption(toSwitch('--ram-cleanup', '--ci: the workflow will use ram-cleanup'))
    .option('--github <owner/repo>', "the trust of the workflow's role for this repository")
    .option(
      '--subject <text>',
      '--github: the branch, tag or environment that may run (default: ref:refs/heads/main); repeatable',
      collect,
    )
    .option(
      '--old-subject',
      '--github: also trust the old subject, which consists of names that others could take over',
    )
    .option('--owner-id <number>', "--github: numeric id of the owner (default: read from GitHub's API)")
    .option('--repository-id <number>', "--github: numeric id of the repository (default: read from GitHub's API)")
    .addOption(
      new Option(
        '--only <kind>',
        'only documents of this kind; a single document is printed as the bare JSON that RAM takes',
      )
        .choices(['policy', 'trust'])
        .conflicts('format'),
    )
    .addOption(
      new Option('--format <form>', 'documents as JSON, or resources for Terraform (default: json)').choices([
        'json',
        'terraform',
      ]),
    )
    .addOption(new OldSpelling('--adopt', 'adoptPolicy'))
    .addOption(new OldSpelling('--cleanup', 'ramCleanup'))
  for (const option of workerRoleOptions('RAM role of the nodes; repeatable')) command.addOption(option)
  withCommonOptions(command).action(run(async () => (await import('./policy.ts')).policy))
}

/** Returns a flag that is an input of the action too, which is true or false. */
function toSwitch(flag: string, about: string): Option {
  return new Option(`${flag} [true|false]`, about).argParser((text) => {
    if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('Must be true or false.')
    return text === 'true'
  })
}
