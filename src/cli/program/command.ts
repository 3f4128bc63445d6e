import { type Command, Option } from 'commander'
import type { CliHost, CommonFlags } from './cli-host.ts'

/** The program to which a command adds itself. */
export interface Cli {
  readonly program: Command
  /** Wraps a command's work. The work is loaded when the command runs, depending on its flags. */
  run<Flags>(load: (flags: Flags & CommonFlags) => Promise<CommandWork<Flags>>): (...args: unknown[]) => Promise<void>
}

/**
 * The work of a command. It gets the command's flags, including those before the subcommand, and
 * returns the exit code.
 */
export type CommandWork<Flags> = (
  flags: Flags & CommonFlags,
  host: CliHost,
  words: readonly string[],
) => Promise<number>

export function outputOption(forms: readonly string[] = ['text', 'json']): Option {
  const more = forms.includes('html') ? ', html for a list of clusters' : ''
  return new Option('-o, --output <form>', `text for people, json for programs${more} (default: text)`).choices(forms)
}

export function debugOption(): Option {
  return new Option('--debug', 'also print every call to the API server, and the stack trace of a failure')
}

export function withCommonOptions(command: Command, forms?: readonly string[]): Command {
  return command.addOption(outputOption(forms)).addOption(debugOption())
}

/** Adds the common flags and the flags that select a cluster. */
export function withClusterOptions(command: Command, forms?: readonly string[]): Command {
  return withCommonOptions(command, forms)
    .option('--kubeconfig <file>', 'kubeconfig file (default: as kubectl, $KUBECONFIG or ~/.kube/config)')
    .option('--kube-context <name>', 'context in it (default: its current one)')
    .addOption(new Option('--context <name>', "the same, in kubectl's spelling").conflicts('kubeContext'))
}

/** Adds the common flags and the flags that select a cluster and a release. */
export function withReleaseOptions(command: Command, forms?: readonly string[]): Command {
  return withClusterOptions(command, forms)
    .option('-n, --namespace <name>', 'namespace of the release (default: found automatically)')
    .option('--release <name>', 'name of the release (default: found automatically)')
}

/** Collects the values of a repeatable option. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** Flags that select a cluster, named as in kubectl and Helm. */
export interface ConnectFlags {
  readonly kubeconfig?: string
  readonly kubeContext?: string | undefined
  /** Kubectl's name of `--kube-context`. */
  readonly context?: string
}

/** Returns the context from either of the two flags. */
export function contextOf({ kubeContext, context }: ConnectFlags): string | undefined {
  return kubeContext ?? context
}

/** Flags that select a release of acr-nopass. */
export interface ReleaseFlags {
  readonly namespace?: string
  readonly release?: string
}
