import { Option } from 'commander'
import { type Cli, collect, collectLines, withCommonOptions } from '../program/command.ts'

/** Adds `init`: writes the first files from what an account has. */
export function addInit({ program, run }: Cli): void {
  const command = program
    .command('init')
    .description(
      'Write values.yaml, and clusters.yaml for several clusters, from the clusters and registry instances of your account. Asks at most four questions, changes nothing in the cloud, and overwrites no file.',
    )
    .option('--cluster <id>', 'ID or name of an ACK cluster, REGION/ID, or * for all; repeatable', collect)
    .option('--instance <id>', 'ID or name of an Enterprise instance, REGION/ID, or * for all; repeatable', collect)
    .option('--repositories <list>', 'what may be pulled, such as shop/*,base/alpine; * for all', collectLines)
    .addOption(
      new Option('--identity <type>', 'how the helper authenticates (default: by the kind of the cluster)').choices([
        'rrsa',
        'worker-role',
        'access-key',
      ]),
    )
    .option(
      '--region <id>',
      "region to read; repeatable (default: yours, and those of the account's clusters)",
      collect,
    )
    .option('--workflow', 'also write a workflow for GitHub, which plans')
    .option('--to <folder>', 'write the files there (default: the working directory)')
    .option('-y, --yes', 'ask nothing: take the only cluster, the only instance, and all repositories')
    .option('--dry-run', 'print the files instead of writing them')
    .option('--endpoints <map>', 'other addresses of cloud APIs (YAML map: ram, sts, cs, cr)')
    .addHelpText('after', HELP)
  withCommonOptions(command).action(run(async () => (await import('./init.ts')).init))
}

const HELP = `
Examples:
  acr-nopass init
  acr-nopass init --cluster c8f3d0a61b7e94c25a0d3f86e12b47c90 --instance cri-abc123 --repositories 'shop/*' --yes
  acr-nopass init --cluster '*' --instance shop-images --repositories 'shop/*' --workflow --dry-run

Credentials, in this order: ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET; ALIBABA_CLOUD_ROLE_ARN, _OIDC_PROVIDER_ARN and
_OIDC_TOKEN_FILE; the profile of aliyun. \`acr-nopass policy --ci --init\` prints the RAM rights, which only read.
What cannot be read becomes a question, or without a terminal a flag.`
