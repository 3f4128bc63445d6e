import { InvalidArgumentError, Option } from 'commander'
import { type Cli, collect, withCommonOptions } from '../program/command.ts'
import { withValuesOptions } from '../program/values-options.ts'

/** Adds `node config` and `node script`: what a node needs to pull without any Secret. */
export function addNode({ program, run }: Cli): void {
  const node = withCommonOptions(
    program
      .command('node')
      .description('Print what a node needs so that its kubelet gets logins without any Secret. Changes nothing.'),
  )
  const values = (name: string, text: string) => withValuesOptions(node.command(name).description(text))
  withCommonOptions(values('config', "Print the kubelet's CredentialProviderConfig for these values.")).action(
    run(async () => (await import('./node-config.ts')).nodeConfig),
  )
  withCommonOptions(
    values(
      'script',
      'Print one script that installs the credential provider on a node: for User Data, images, Ansible.',
    )
      .addOption(
        new Option('--profile <name>', 'the kind of the node')
          .choices(['ack', 'kubeadm', 'k3s', 'rke2'])
          .makeOptionMandatory(),
      )
      .option(
        '--url <address>',
        "where nodes fetch the archive, or its path on the node; `{arch}` stands for amd64 or arm64 (default: this version's release)",
      )
      .option(
        '--sha256 <[arch=]sum>',
        "checksum of the archive; repeatable with amd64= and arm64= (default: this version's release)",
        collect,
      )
      .option(
        '--health-url <url>',
        'address at which the kubelet reports that it is healthy (default: port 10248 of the node)',
      )
      .option('--health-seconds <number>', 'undo everything if the kubelet is not healthy by then', seconds, 60)
      .option('--restart <command>', 'command that restarts the kubelet (default: systemctl)'),
  ).action(run(async () => (await import('./node-script.ts')).nodeScript))
}

function seconds(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 3600)
    throw new InvalidArgumentError('Must be a whole number from 1 to 3600.')
  return value
}
