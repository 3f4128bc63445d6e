import { type Command, Option } from 'commander'
import type { CliHost, CommonFlags } from './host.ts'

/** What a command's file adds itself to. */
export interface Cli {
  readonly program: Command
  readonly host: CliHost
  /** Wraps the work of a command: its flags, what was written before the subcommand included; answers its exit code. */
  run<Flags>(
    work: (flags: Flags & CommonFlags, words: readonly string[]) => Promise<number>,
  ): (...args: unknown[]) => Promise<void>
}

export function outputOption(): Option {
  return new Option('-o, --output <form>', 'text for people, json for programs (default: text)').choices([
    'text',
    'json',
  ])
}

export function debugOption(): Option {
  return new Option('--debug', 'on a failure also where in the code it came from, and every call of the API server')
}

/** Adds the flags that all commands have. */
export function withCommonOptions(command: Command): Command {
  return command.addOption(outputOption()).addOption(debugOption())
}

/** For an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}
