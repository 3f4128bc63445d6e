import type { Cli } from '../program/command.ts'

/** `sandbox`: passes its arguments unchanged. */
export function addSandbox({ program, host, run }: Cli): void {
  program
    .command('sandbox')
    .description('The demo on real parts; `sandbox up|down|cloud` for its parts, `sandbox --help` for more.')
    .argument('[words...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(
      run(async (_flags, words) => {
        const { sandbox } = await import('./sandbox.ts')
        return sandbox(words, host)
      }),
    )
}
