import { type Cli, withClusterOptions } from '../program/command.ts'

/** Adds `helper`: runs the helper outside of a cluster. */
export function addHelper({ program, run }: Cli): void {
  withClusterOptions(
    program
      .command('helper')
      .description('Run the helper outside of a cluster, as its Pod would, until it is interrupted. Logs JSON lines.')
      .requiredOption('--config <file>', "the helper's configuration: key config.yaml of the chart's ConfigMap"),
  )
    .option('--secrets-dir <folder>', 'folder of mounted logins and access keys')
    .option('--oidc-token-file <file>', 'token of a ServiceAccount, for identity.type rrsa')
    .option('--http-address <host:port>', 'serve /healthz, /readyz and /metrics')
    .action(run(async () => (await import('./helper.ts')).helper))
}
