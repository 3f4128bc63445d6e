import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { pathFolders } from '../../../tools/host.ts'

type MachineFacts = ReturnType<typeof readFacts>

/**
 * Reads the facts about this machine that decide whether it can run a real node with these programs
 * and folders.
 */
export function readFacts(paths: readonly string[], programs: ReadonlyMap<string, string>) {
  return {
    platform: process.platform,
    /** Effective user id; undefined on Windows. */
    user: process.geteuid?.(),
    cgroup: cgroupLayout(),
    missingPrograms: NODE_PROGRAMS.filter((name) => !programs.has(name)),
    /** The kubelet rejects loopback addresses. Undefined if the machine has no other address. */
    address: machineAddress(),
    /** A program or folder of the sandbox that the node's own file systems would hide. */
    hidden: findHidden(paths),
  }
}

/** These are part of util-linux or busybox, which every Linux distribution has. */
const NODE_PROGRAMS: readonly string[] = ['unshare', 'nsenter', 'mount']

/** Returns in one line why this machine cannot run a real node; undefined if it can. */
export function nodeObstacle(facts: MachineFacts): string | undefined {
  if (facts.platform !== 'linux') return `a real node needs Linux; this machine is ${facts.platform}`
  if (facts.user !== 0) return 'a real node needs root (mount namespace, control groups); run as root to include it'
  if (facts.cgroup === 'none')
    return 'a real node needs control groups; /sys/fs/cgroup is not mounted or not writable here'
  if (facts.missingPrograms.length > 0)
    return `a real node needs the program ${facts.missingPrograms.join(', ')} on PATH`
  if (facts.address === undefined) return 'a real node needs a network address; this machine has only loopback'
  if (facts.hidden !== undefined) {
    return `a real node hides ${HIDDEN_FOLDERS.join(', ')}, which contain ${facts.hidden}; set TMPDIR or ACR_NOPASS_CACHE to a folder elsewhere`
  }
  return undefined
}

/**
 * Folders that are empty file systems in the node's mount namespace, so that the node leaves
 * nothing behind in them.
 */
export const HIDDEN_FOLDERS: readonly string[] = ['/run', '/var/lib', '/var/log']

export function findHidden(paths: readonly string[]): string | undefined {
  return paths.find((path) => [...HIDDEN_FOLDERS, '/var/run'].some((folder) => path.startsWith(`${folder}/`)))
}

/** The machine's first IPv4 address other than loopback. */
export function machineAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

/** The paths of the node's programs that this machine has. */
export function findPrograms(): Map<string, string> {
  const folders = [...pathFolders(process.env), '/usr/bin', '/bin', '/usr/sbin', '/sbin']
  return new Map(
    NODE_PROGRAMS.flatMap((name) => {
      const file = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
      return file === undefined ? [] : [[name, file]]
    }),
  )
}

/**
 * Returns the machine's version of control groups. Hybrid counts as v1, because its controllers are
 * in v1 hierarchies.
 */
export function cgroupLayout(root = '/sys/fs/cgroup'): 'v1' | 'v2' | 'none' {
  if (existsSync(join(root, 'cgroup.controllers'))) return 'v2'
  return existsSync(join(root, 'memory', 'cgroup.procs')) ? 'v1' : 'none'
}

/** The root folder of each cgroup hierarchy. */
export function cgroupHierarchies(root = '/sys/fs/cgroup'): string[] {
  if (cgroupLayout(root) === 'v2') return [root]
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'cgroup.procs')))
    .map((entry) => join(root, entry.name))
}

/** The controllers that the root of a v2 hierarchy delegates to its children. */
export function childControllers(root = '/sys/fs/cgroup'): string[] {
  return readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').trim().split(' ').filter(Boolean)
}
