import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { processId } from '../../src/lib/process-id.ts'
import { TestbedError } from '../testbed-error.ts'
import { exitedWithin } from './clean-up.ts'
import { signalProcess } from './process-table.ts'

export interface ProcessSpec {
  /** The name in error messages and of the default log file. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The complete environment of the child. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /**
   * Stop the child with SIGKILL, because it has nothing to lose and may take seconds to exit after
   * SIGTERM.
   */
  readonly disposable?: boolean
  /** The file to which standard output and error are appended. */
  readonly logFile: string
}

export interface ExitState {
  /** Null if the process was ended by a signal. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export type Child = Awaited<ReturnType<typeof startChild>>

/**
 * Starts a child in its own process group so that Ctrl-C does not reach it directly.
 * @throws SANDBOX_PROCESS when it cannot be started
 */
export async function startChild(spec: ProcessSpec) {
  const log = openSync(spec.logFile, 'a', 0o600)
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ['ignore', log, log],
    ...(spec.env && { env: spec.env }),
    ...(spec.cwd !== undefined && { cwd: spec.cwd }),
  })
  closeSync(log)
  let exit: ExitState | undefined
  const exited = once(child, 'exit').then(([code, signal]): ExitState => {
    exit = { code, signal }
    return exit
  })
  if (child.pid === undefined) {
    const cause = await exited.catch((error: unknown) => error)
    throw new TestbedError('SANDBOX_PROCESS', `${spec.name} cannot be started from ${spec.command}`, { cause })
  }
  const id = processId(child.pid)
  const signal = (name: NodeJS.Signals, group = false): boolean => !exit && signalProcess(id, name, group)
  return {
    id,
    name: spec.name,
    logFile: spec.logFile,
    exited,
    /** Undefined while the process is running. */
    state: () => exit,
    /**
     * Signals the process, or with `group` its process group. Returns false if the process has
     * exited.
     */
    signal,
    /** The last lines of the log. */
    tail: () => readFileSync(spec.logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n'),
    /**
     * Sends SIGTERM, and SIGKILL to the whole group if the process is still running after
     * `graceMs`.
     */
    async stop(graceMs = 10_000) {
      signal(spec.disposable ? 'SIGKILL' : 'SIGTERM')
      signal('SIGCONT')
      if (!(await exitedWithin([id], graceMs))) signal('SIGKILL', true)
      return exited
    },
  }
}
