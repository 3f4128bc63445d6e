import { type Cli, collect, OldSpelling, withClusterOptions } from '../program/command.ts'

/** Adds `import`: converts the configuration of Alibaba's own helper to our values. */
export function addImport({ program, run }: Cli): void {
  withClusterOptions(
    program
      .command('import')
      .description(
        "Write values from what Alibaba's own helper left or was configured with: the 2018 recipe, or the ACK add-on.",
      )
      .option('-f, --filename <file>', "manifests or the add-on's JSON, instead of a cluster; repeatable", collect)
      .addOption(new OldSpelling('--file <file>', 'filename').argParser(collect)),
  )
    .option('--region <id>', "the cluster's region, if neither its nodes nor the configuration show it")
    .option('-n, --namespace <name>', 'namespace that the release will have', 'acr-nopass')
    .option('--release <name>', 'name that the release will have', 'acr-nopass')
    .option('--to <file>', 'write the values there (default: stdout)')
    .option('--force', '--to: overwrite the file')
    .addHelpText(
      'after',
      '\nOnly reads: the hosts in the old Secrets, and no content of any other Secret. If these hosts are not known, ACR is asked without a login which images are public. Exits 3 when a setting that pulls may depend on could not be converted.',
    )
    .action(run(async () => (await import('./import-values.ts')).importValues))
}
