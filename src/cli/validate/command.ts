import { type Cli, collect, withCommonOptions } from '../program/command.ts'

/** Adds `validate`: the action's validation, offline. */
export function addValidate({ program, run }: Cli): void {
  withCommonOptions(
    program
      .command('validate')
      .description(
        'Check values and clusters files offline, as the action and Helm will; all errors are reported together.',
      )
      .option('-f, --file <file>', 'values file; repeat it, a later one wins', collect)
      .option('--values <yaml>', 'inline values, after the files')
      .option('--clusters-file <file>', 'list of clusters; the values of each are checked with its own')
      .option('--chart <reference>', 'check for the chart in this folder instead of our own of this version'),
  ).action(run(async () => (await import('./validate.ts')).validate))
}
