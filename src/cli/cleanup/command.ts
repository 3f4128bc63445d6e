import { Option } from 'commander'
import { type Cli, collect, withReleaseOptions } from '../program/command.ts'
import type { CleanupFlags } from './cleanup.ts'

/**
 * Adds `cleanup`: removes what a helper left behind, our helper or Alibaba's own, with the user's
 * rights.
 */
export function addCleanup({ program, run }: Cli): void {
  withReleaseOptions(
    program
      .command('cleanup')
      .description(
        "Remove what a helper left behind: ours after it was removed, or (--legacy) Alibaba's own. Without --confirm it only lists it.",
      ),
  )
    .option('--detach', 'our entries in the imagePullSecrets of ServiceAccounts, then our pull secrets')
    .option('--all', '--detach: also entries that another client wrote')
    .option('--secret-name <name>', 'name of the pull secret (default: as the release has it, else acr-nopass)')
    .option('--legacy', "what Alibaba's own helper left, once acr-nopass covers all that it serves: see `import`")
    .option(
      '--abandon <name>',
      '--legacy: a host, an instance or an object of its list that is no longer needed; repeat it',
      collect,
    )
    .option('--dry-run', 'only list what would be done, even with --confirm')
    .option(
      '--confirm <name/clusters>',
      'do it: the name and number that the list without it prints, such as acr-nopass/1',
    )
    // The flag of versions before 1.0, which scripts may still use.
    .addOption(new Option('--yes', '--legacy: as --confirm').hideHelp())
    .action(
      run<CleanupFlags>(async ({ legacy, detach }) =>
        legacy && !detach
          ? (await import('./cleanup-legacy.ts')).cleanupLegacy
          : (await import('./cleanup.ts')).cleanup,
      ),
    )
}
