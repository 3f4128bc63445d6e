import type { Readable, Writable } from 'node:stream'
import type { ErrorCode } from '../../errors.ts'

export interface CliStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** Everything that a command may use of its process. */
export interface CliHost {
  /** The arguments without the interpreter and the script. */
  readonly argv: readonly string[]
  /** The name in the user's command line: `acr-nopass`, or `kubectl acr-nopass`. */
  readonly program: string
  readonly env: NodeJS.ProcessEnv
  readonly workingDirectory: string
  /** The ID of this process. */
  readonly pid: number
  /** The root folder of the checkout or the package, which contains `chart/`. */
  readonly root: string
  readonly temporaryFolder: string
  readonly stdout: CliStream
  readonly stderr: CliStream
  /**
   * The user's terminal, unfiltered, for questions. Undefined unless standard input and standard
   * error are a terminal. Foreign text must be made printable first.
   */
  readonly terminal?: () => { readonly input: Readable; readonly output: Writable } | undefined
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal
}

export interface CommonFlags {
  readonly output?: 'text' | 'json'
  readonly debug?: boolean
}

/** Writes the result of a command in the format of `-o`. */
export function writeResult(
  { stdout }: Pick<CliHost, 'stdout'>,
  { output }: CommonFlags,
  result: object,
  asText: () => string,
): void {
  stdout.write(output === 'json' ? `${JSON.stringify(result, null, 2)}\n` : asText())
}

export const EXIT = { ok: 0, failed: 1, usage: 2, differences: 3, interrupted: 130 } as const

const USAGE =
  /^(INPUT|YAML|SCHEMA|VALUES|CLUSTERS|IMPORT|INIT)_|^(HELPER_ARGUMENTS|HELPER_CONFIG_INVALID|POLICY_INPUT_INVALID|CLUSTER_UNKNOWN|RAM_MODE_CONFLICT|KUBECONFIG_MISSING|KUBECONFIG_REFUSED|KUBECONFIG_INVALID|NODE_NO_REGISTRY|NODE_PROVIDER_MISSING)$/

/**
 * Returns the exit code of a failure: 2 for invalid input, 130 if the user interrupted the command,
 * else 1.
 */
export function exitCodeOf(code: ErrorCode): number {
  if (code === 'INTERRUPTED') return EXIT.interrupted
  return USAGE.test(code) ? EXIT.usage : EXIT.failed
}
