import type { Cli } from '../program/command.ts'

/** `completion`: a script for the shell. */
export function addCompletion({ program, host, run }: Cli): void {
  program
    .command('completion')
    .description('Print a completion script: `source <(acr-nopass completion bash)`.')
    .argument('<shell>', 'bash, zsh or fish')
    .action(
      run(async (_flags, [shell = '']) => {
        const { renderCompletion } = await import('./completion.ts')
        host.stdout.write(renderCompletion(shell, program))
        return 0
      }),
    )
}
