import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs a program. Returns its output if it failed, or else an empty string. */
export async function runProgram(
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    await run(command, args, { cwd, signal, maxBuffer: 2 ** 26 })
    return ''
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    return `${stdout}${stderr}`.trim() || message
  }
}
