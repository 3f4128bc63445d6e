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

export function outputOption(): Option {
  return new Option('-o, --output <form>', 'text for people, json for programs (default: text)').choices([
    'text',
    'json',
  ])
}

export function debugOption(): Option {
  return new Option('--debug', 'also print every call to the API server, and the stack trace of a failure')
}

export function withCommonOptions(command: Command): Command {
  return command.addOption(outputOption()).addOption(debugOption())
}

/** Adds the common flags and the flags that select a cluster. */
export function withClusterOptions(command: Command): Command {
  const connected = withCommonOptions(command).option(
    '--kubeconfig <file>',
    'kubeconfig file (default: as kubectl, $KUBECONFIG or ~/.kube/config)',
  )
  for (const option of contextOptions()) connected.addOption(option)
  return connected
}

/** Returns the flag that selects a context, named as in kubectl, and the spelling of Helm. */
export function contextOptions(): readonly Option[] {
  return [
    new Option('--context <name>', 'context in the kubeconfig (default: its current one)'),
    new Option('--kube-context <name>').conflicts('context').hideHelp(),
  ]
}

/** Returns the flag for the roles of nodes. One flag may have several names. */
export function workerRoleOptions(about: string): readonly Option[] {
  return [
    new Option('--worker-role <name>', about).argParser(collectNames),
    new OldSpelling('--worker-roles <list>', 'workerRole').argParser(collectNames),
  ]
}

/** A spelling of an earlier version: it still works, but no help and no completion shows it. */
export class OldSpelling extends Option {
  readonly #attribute: string

  /** `attribute` is the present flag in camel case. */
  constructor(flags: string, attribute: string) {
    super(flags)
    this.#attribute = attribute
    this.hideHelp()
  }

  override attributeName(): string {
    return this.#attribute
  }
}

/** Adds the common flags and the flags that select a cluster and a release. */
export function withReleaseOptions(command: Command): Command {
  return withClusterOptions(command)
    .option('-n, --namespace <name>', 'namespace of the release (default: found automatically)')
    .option('--release <name>', 'name of the release (default: found automatically)')
}

/** Collects the values of a repeatable option. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** Collects names of a repeatable option, each of which may contain several. */
function collectNames(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...value.split(/[\n,]/).map((name) => name.trim())].filter((name) => name !== '')
}

/** Collects the texts of a list of the action, which has one entry per line. */
export function collectLines(value: string, before: string | undefined): string {
  return before === undefined ? value : `${before}\n${value}`
}

/** Flags that select a cluster, named as in kubectl and Helm. */
export interface ConnectFlags {
  readonly kubeconfig?: string
  readonly context?: string | undefined
  /** The old name of `--context`. */
  readonly kubeContext?: string
}

/** Returns the context from either of the two flags. */
export function contextOf({ context, kubeContext }: ConnectFlags): string | undefined {
  return context ?? kubeContext
}

/** Flags that select a release of acr-nopass. */
export interface ReleaseFlags {
  readonly namespace?: string
  readonly release?: string
}
