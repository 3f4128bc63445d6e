import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { platform } from 'node:os'

/**
 * A process that cannot be mistaken for another: a PID is used again, a PID with its start time is
 * not.
 */
export interface ProcessId {
  readonly pid: number
  /** Opaque; equal for the same process only. */
  readonly start: string
}

/**
 * The start time of a living process, or undefined when there is none with this PID (a zombie is
 * none).
 */
function startTime(pid: number): string | undefined {
  try {
    if (platform() !== 'linux') {
      const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
      return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim()
    }
    // the name, field 2, may hold spaces and brackets: the rest begins behind the last ')'
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
