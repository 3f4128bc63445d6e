import { type Cli, withReleaseOptions } from '../program/command.ts'

/** Adds `refresh`: requests new tokens now. */
export function addRefresh({ program, run }: Cli): void {
  withReleaseOptions(
    program.command('refresh').description('Request new tokens from the helper, and wait until it reports them.'),
  )
    .option('--timeout <duration>', 'how long to wait for its report', '90s')
    .option('--no-wait', 'do not wait for its report')
    .action(run(async () => (await import('./refresh.ts')).refresh))
}
