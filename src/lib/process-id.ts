import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { platform } from 'node:os'

/**
 * Identifies a process permanently: the system reuses a PID, but never a PID with the same start
 * time.
 */
export interface ProcessId {
  readonly pid: number
  /** Opaque; equal only for the same process. */
  readonly start: string
}

/**
 * Returns the start time of a living process. Returns undefined if no process has this PID, or if
 * the process is a zombie.
 */
function startTime(pid: number): string | undefined {
  try {
    if (platform() !== 'linux') {
      const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
      return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim()
    }
    // The name (field 2) may hold spaces and brackets, so the other fields begin after the last
    // ')'.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

export function processId(pid: number): ProcessId {
  return { pid, start: startTime(pid) ?? '' }
}

export function isAlive(id: ProcessId): boolean {
  return id.start !== '' && startTime(id.pid) === id.start
}
