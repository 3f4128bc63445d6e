import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupHierarchies } from '../../../sandbox/nodes/containerd/machine-check.ts'
import { CHANGED_SYSCTLS } from '../../../sandbox/nodes/containerd/mount-namespace.ts'

/** The traces that a node could leave on a machine, other than processes and its own folder. */
export interface MachineMarks {
  readonly mounts: readonly string[]
  readonly sysctls: readonly string[]
  readonly cgroups: readonly string[]
  readonly folders: readonly boolean[]
}

/** Reads the current traces, without those that other programs may change. */
export function machineMarks(): MachineMarks {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  const groups = cgroupHierarchies().flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  const folders = ['/var/lib/kubelet', '/var/log/containers', '/var/log/pods', '/run/containerd']
  return {
    mounts: mounts.filter((path) =>
      /acr-nopass|kubelet|containerd|^\/etc\/hosts$|^\/(run|var\/lib|var\/log)$/.test(path),
    ),
    sysctls: CHANGED_SYSCTLS.map((name) => `${name}=${readFileSync(`/proc/sys/${name}`, 'utf8').trim()}`),
    cgroups: groups.filter((path) => /acr-nopass|kubepods/.test(path)),
    folders: folders.map((path) => existsSync(path)),
  }
}
