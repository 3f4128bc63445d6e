/** The output of a command. */
export interface CliStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
  /** Without safe-stream.ts, for the lines of the sandbox, which change in place. */
  readonly raw?: CliStream
}

/** Everything that a command may use of its process. */
export interface CliHost {
  /** Without the interpreter and the script. */
  readonly argv: readonly string[]
  /** The name in the user's command line: `acr-nopass`, or `kubectl acr-nopass`. */
  readonly program: string
  readonly env: NodeJS.ProcessEnv
  readonly workingDirectory: string
  /** The root of the checkout or the package, with `chart/`. */
  readonly root: string
  readonly temporaryFolder: string
  readonly stdout: CliStream
  readonly stderr: CliStream
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal
}

/** The flags of every command. */
export interface CommonFlags {
  readonly output?: 'text' | 'json'
  readonly debug?: boolean
}
