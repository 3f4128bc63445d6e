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
        "Remove what an uninstalled helper left behind, or (--legacy) what Alibaba's own helper left. Without --confirm, only list it.",
      ),
  )
    .option(
      '--detach',
      'remove the entries of acr-nopass from the imagePullSecrets of ServiceAccounts, then its pull secrets',
    )
    .option('--all', '--detach: also remove entries that another client wrote')
    .option('--secret-name <name>', 'name of the pull secret (default: that of the release, else acr-nopass)')
    .option(
      '--legacy',
      "remove what Alibaba's own helper left, once acr-nopass covers everything that it serves (see `import`)",
    )
    .option(
      '--abandon <name>',
      '--legacy: a host, an instance or an object of the list that is no longer needed; repeatable',
      collect,
    )
    .option('--dry-run', 'only list what would be done, even with --confirm')
    .option(
      '--confirm <name/clusters>',
      'do it: the name and number that the command prints without this flag, such as acr-nopass/1',
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
