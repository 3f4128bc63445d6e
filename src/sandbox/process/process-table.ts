import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { orElse } from '../../lib/or-else.ts'
import { isAlive, type ProcessId, processId } from '../../lib/process-id.ts'

const LINUX = process.platform === 'linux'

/** Signals exactly this process or its group; returns false if it has exited. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals, group = false): boolean {
  return isAlive(id) && orElse(() => process.kill(group ? -id.pid : id.pid, signal), false)
}

/** Finds the running processes with `NAME=value` in their environment. Works only on Linux; elsewhere it finds none. */
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
 * Finds the process group that has a TCP connection with these ports. Works only on Linux and for processes of this
 * user; else it returns undefined.
 */
export function connectionGroup(localPort: number, remotePort: number): number | undefined {
  if (!LINUX) return undefined
  const hasPort = (end: string | undefined, port: number): boolean =>
    Number.parseInt(end?.split(':')[1] ?? '', 16) === port
  const inode = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((table) => readFileSync(table, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => hasPort(local, localPort) && hasPort(remote, remotePort))?.[9]
  if (inode === undefined || inode === '0') return undefined
  const owner = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && holdsSocket(pid, inode))
  return owner === undefined ? undefined : processGroup(owner)
}

/** False of a process that has exited or belongs to another user. */
function holdsSocket(pid: string, inode: string): boolean {
  const folder = `/proc/${pid}/fd`
  const isIt = (fd: string): boolean => orElse(() => readlinkSync(`${folder}/${fd}`), '') === `socket:[${inode}]`
  return orElse(() => readdirSync(folder), []).some(isIt)
}

function processGroup(pid: string): number | undefined {
  const stat = orElse(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), undefined)
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
}

/** Empty of a process that has exited or belongs to another user. */
function environment(pid: string): string[] {
  return orElse(() => readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'), [])
}
