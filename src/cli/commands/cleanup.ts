import { type Cli, withCommonOptions } from '../command.ts'
import { type ConnectFlags, connectOptions } from '../connect.ts'
import { type ReleaseFlags, releaseOptions } from '../release-flags.ts'

export interface CleanupFlags extends ConnectFlags, ReleaseFlags {
  readonly detach?: boolean
  readonly all?: boolean
  readonly secretName?: string
  readonly dryRun?: boolean
  readonly confirm?: string
}

/** `cleanup`: what a helper that is gone left behind, with the user's own rights. */
export function addCleanup({ program, host, run }: Cli): void {
  const command = withCommonOptions(
    program
      .command('cleanup')
      .description(
        'Take away what a helper that is gone left behind, with your own rights. Without --confirm it only says what.',
      ),
  )
  for (const option of [...connectOptions(), ...releaseOptions()]) command.addOption(option)
  command
    .option('--detach', 'our entries in the imagePullSecrets of ServiceAccounts, then our pull secrets')
    .option('--all', '--detach: also entries that somebody else wrote')
    .option('--secret-name <name>', 'name of the pull secret (default: as the release has it, else acr-nopass)')
    .option('--dry-run', 'only say what would be done, whatever else is given')
    .option('--confirm <namespace/release>', 'do it')
    .action(
      run<CleanupFlags>(async (flags) => {
        const { cleanup } = await import('../cleanup.ts')
        return cleanup(flags, host)
      }),
    )
}
