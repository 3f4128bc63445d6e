import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { isAlive, type ProcessId, processId } from '../../lib/process-id.ts'

const LINUX = process.platform === 'linux'

/** Sends a signal to exactly this process, or to its group; false if it has exited. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals, group = false): boolean {
  if (!isAlive(id)) return false
  try {
    return process.kill(group ? -id.pid : id.pid, signal)
  } catch {
    return false
  }
}

/** Running processes that were started with `NAME=value` in their environment: a run's descendants (Linux; elsewhere none). */
export function findByEnvironment(name: string, value: string): ProcessId[] {
  if (!LINUX) return []
  const variable = `${name}=${value}`
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => environment(pid).includes(variable))
    .map((pid) => processId(Number(pid)))
    .filter((id) => id.start !== '')
}

/**
 * The process group with a TCP connection of this machine, by its two ports (Linux; elsewhere undefined). Undefined also if it
 * belongs to another user.
 */
export function connectionGroup(localPort: number, remotePort: number): number | undefined {
  if (!LINUX) return undefined
  const ends = (end: string | undefined, port: number): boolean =>
    Number.parseInt(end?.split(':')[1] ?? '', 16) === port
  const inode = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((table) => readFileSync(table, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => ends(local, localPort) && ends(remote, remotePort))?.[9]
  if (inode === undefined || inode === '0') return undefined
  const owner = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && holdsSocket(pid, inode))
  return owner === undefined ? undefined : processGroup(owner)
}

function holdsSocket(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`
      } catch {
        return false // Closed in the meantime.
      }
    })
  } catch {
    return false // Exited, or another user's.
  }
}

function processGroup(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
  } catch {
    return undefined
  }
}

function environment(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return [] // Exited, or another user's.
  }
}
