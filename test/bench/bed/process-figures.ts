import { readFileSync } from 'node:fs'
import type { ProcessId } from '../../../src/lib/process-id.ts'

/** What a process has used, from /proc. */
export interface ProcessFigures {
  /** When it was started, on this process's monotonic clock, to about 10 ms. */
  readonly startedAt: number
  readonly cpuSeconds: number
  readonly rssMiB: number
  /** The largest so far. */
  readonly peakMiB: number
}

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS = 100

export function readProcess({ pid }: ProcessId): ProcessFigures {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, field 2, may hold spaces and brackets; the rest begins behind its last bracket with field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  const age = uptime - Number(fields[19]) / TICKS
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024
  return {
    startedAt: performance.now() - age * 1000,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rssMiB: mebibytes('VmRSS'),
    peakMiB: mebibytes('VmHWM'),
  }
}
