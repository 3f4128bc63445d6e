import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))
export const BIN: string = fileURLToPath(new URL('../../bin/acr-nopass', import.meta.url))

export interface BinResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface BinOptions {
  readonly bin?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** The standard input of the command (default: empty). */
  readonly input?: string
}

/** The cache of compiled files halves the time until the program runs. */
const { PATH = '', NODE_COMPILE_CACHE } = process.env

/**
 * Runs the command line tool as a user does: in a child process, without a terminal, and with
 * nothing of the test's environment except PATH and the cache of compiled files.
 */
export function runBin(args: readonly string[], options: BinOptions = {}): Promise<BinResult> {
  const { bin = BIN, cwd = ROOT, env = {}, input = '' } = options
  return new Promise((resolve) => {
    const child = execFile(
      bin,
      [...args],
      {
        cwd,
        env: { PATH, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }), ...env },
        maxBuffer: 16 * 1024 * 1024,
        timeout: 300_000,
      },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
    // A program that does not read its input may have closed it.
    child.stdin?.on('error', () => undefined).end(input)
  })
}
