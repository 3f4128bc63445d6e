/** Where a command's output goes. */
export interface CliStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
  /** Without the net of safe-stream.ts: for the lines of the sandbox, which change in place. */
  readonly raw?: CliStream
}

/** Everything that a command may know of the process it runs in. */
export interface CliHost {
  /** Without the interpreter and the script. */
  readonly argv: readonly string[]
  /** As the user called it: `acr-nopass`, or `kubectl acr-nopass`. */
  readonly program: string
  readonly env: NodeJS.ProcessEnv
  readonly workingDirectory: string
  /** Of the checkout or the package: `chart/` is there. */
  readonly root: string
  readonly temporaryFolder: string
  readonly stdout: CliStream
  readonly stderr: CliStream
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal
}

/** The flags that every command has. */
export interface CommonFlags {
  readonly output?: 'text' | 'json'
  readonly debug?: boolean
}
