import { type Cli, withReleaseOptions } from '../program/command.ts'
import type { RefreshFlags } from './refresh.ts'

/** `refresh`: new tokens now. */
export function addRefresh({ program, host, run }: Cli): void {
  withReleaseOptions(
    program.command('refresh').description('Request new tokens from the helper, and wait until it reports them.'),
  )
    .option('--timeout <duration>', 'how long to wait for its report', '90s')
    .option('--no-wait', 'do not wait for its report')
    .action(
      run<RefreshFlags>(async (flags) => {
        const { refresh } = await import('./refresh.ts')
        return refresh(flags, host)
      }),
    )
}
