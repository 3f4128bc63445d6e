import { type Cli, withCommonOptions } from '../program/command.ts'
import { withValuesOptions } from '../program/values-options.ts'

/** Adds `validate`: the action's validation, offline. */
export function addValidate({ program, run }: Cli): void {
  const command = program
    .command('validate')
    .description(
      'Check values and clusters files offline, as the action and Helm do; all errors are reported together.',
    )
  withCommonOptions(
    withValuesOptions(command)
      .option('--clusters-file <file>', 'list of clusters; each is checked with its own values')
      .option('--chart <reference>', 'check against the chart in this folder instead of the chart of this version'),
  ).action(run(async () => (await import('./validate.ts')).validate))
}
