import { readdirSync, readFileSync } from 'node:fs'
import { orElse } from '../../src/lib/or-else.ts'
import { isAlive, type ProcessId, processId } from '../../src/lib/process-id.ts'

/** Signals exactly this process or its group; returns false if it has exited. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals, group = false): boolean {
  return isAlive(id) && orElse(() => process.kill(group ? -id.pid : id.pid, signal), false)
}

/**
 * Finds the running processes with `NAME=value` in their environment. Works only on Linux;
 * elsewhere the result is empty.
 */
export function findByEnvironment(name: string, value: string): ProcessId[] {
  if (process.platform !== 'linux') return []
  const variable = `${name}=${value}`
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environment(pid).includes(variable))
    .map((pid) => processId(Number(pid)))
    .filter((id) => id.start !== '')
}

/**
 * Reads the environment of a process. Empty if the process has exited or belongs to another user.
 */
function environment(pid: string): string[] {
  return orElse(() => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'), [])
}
