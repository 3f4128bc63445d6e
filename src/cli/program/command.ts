import { type Command, Option } from 'commander'
import type { CliHost, CommonFlags } from './host.ts'

/** What a command registers itself with. */
export interface Cli {
  readonly program: Command
  readonly host: CliHost
  /** Wraps a command's work, which gets its flags, also those before the subcommand, and returns its exit code. */
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

/** Adds the flags of all commands. */
export function withCommonOptions(command: Command): Command {
  return command.addOption(outputOption()).addOption(debugOption())
}

/** For a repeatable option. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}
