import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../../bin/acr-nopass', import.meta.url))

export interface CliAnswer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line tool as a user does. */
export function runCli(args: readonly string[], signal: AbortSignal): Promise<CliAnswer> {
  return new Promise((resolve) => {
    const child = execFile(
      BIN,
      [...args],
      { signal, env: { PATH: process.env.PATH ?? '' } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    )
  })
}
