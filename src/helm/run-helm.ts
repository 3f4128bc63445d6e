import { execFile } from 'node:child_process'
import { NopassError } from '../errors.ts'

interface ProgramOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface ProgramLimits {
  readonly milliseconds?: number
  readonly bytes?: number
  readonly signal?: AbortSignal | undefined
}

/** A release is 1 MiB at most, compressed. A rendered release is a few megabytes. */
const OUTPUT_LIMIT = 64 * 1024 * 1024
/** Longer than any helm call that this function waits for. */
const LIMIT_MS = 600_000

/**
 * Runs a program for a short time: argv only, no shell, nothing printed. Kills a program that
 * writes without an end, runs too long, or has no caller that waits for it.
 * @throws HELM_FAILED; the errors of `node:child_process` for a program that cannot be started
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  limits: ProgramLimits = {},
): Promise<ProgramOutput> {
  const { milliseconds = LIMIT_MS, bytes = OUTPUT_LIMIT, signal: interrupt } = limits
  const options = {
    env: { ...environment },
    maxBuffer: bytes,
    timeout: milliseconds,
    killSignal: 'SIGKILL',
    signal: interrupt,
  } as const
  return new Promise((resolve, reject) => {
    execFile(path, [...args], options, (error, stdout, stderr) => {
      const { code, killed = false, signal } = (error ?? {}) as NonNullable<typeof error> & { code?: unknown }
      if (error === null) resolve({ exitCode: 0, stdout, stderr })
      else if (interrupt?.aborted) reject(interrupt.reason)
      else if (typeof code === 'number') resolve({ exitCode: code, stdout, stderr })
      else if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
        reject(new NopassError('HELM_FAILED', `${path} ${args[0] ?? ''} wrote more than ${bytes / 1024 / 1024} MiB`))
      } else if (killed) {
        reject(new NopassError('HELM_FAILED', `${path} ${args[0] ?? ''} did not exit within ${milliseconds / 1000} s`))
      } else if (signal) reject(new NopassError('HELM_FAILED', `${path} ${args[0] ?? ''} was ended by ${signal}`))
      else reject(error)
    })
  })
}
