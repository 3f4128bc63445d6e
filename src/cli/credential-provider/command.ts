import { type Cli, withCommonOptions } from '../program/command.ts'

/** Adds `credential-provider`: answers one request of a kubelet, to see what a node gets. */
export function addCredentialProvider({ program, run }: Cli): void {
  withCommonOptions(
    program
      .command('credential-provider')
      .description(
        'Answer one request of a kubelet on standard input as the program on a node does. Hides the password.',
      )
      .requiredOption('--config <file>', "the program's configuration on the node")
      .option('--cache-dir <folder>', 'folder with the logins that the node keeps (default: /run/acr-nopass)'),
  ).action(run(async () => (await import('./credential-provider.ts')).credentialProvider))
}
