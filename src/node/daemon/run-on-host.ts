import { spawn } from 'node:child_process'
import type { ScriptResult } from './judge-script.ts'

/** A script that has not ended by then is ended, and undoes its changes (milliseconds). */
const LONGEST_RUN_MS = 10 * 60_000
/** The script prints some lines. What programs of the host print may be longer. */
const LONGEST_OUTPUT = 64 * 1024

/** The usual folders of programs. The script needs nothing else of the environment. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }

/**
 * Runs a script. After an abort, the script gets a signal and has the time to undo its changes.
 * Never rejects.
 */
export function runOnHost(
  command: readonly string[],
  script: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<ScriptResult> {
  const [program = '', ...words] = [...command, script, ...args]
  return new Promise((resolve) => {
    const child = spawn(program, words, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = (): void => void child.kill('SIGTERM')
    const timer = setTimeout(stop, LONGEST_RUN_MS)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(-LONGEST_OUTPUT)
      })
    }
    const end = (code: number | null, more = ''): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      resolve({ code, stdout: output.stdout, stderr: output.stderr + more })
    }
    child.once('error', (error) => end(1, `NODE_HOST: the script could not be started: ${error.message}\n`))
    child.once('close', (code) => end(code))
  })
}
