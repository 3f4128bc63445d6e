import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Run } from '../../process/run.ts'
import { cgroupHierarchies, cgroupLayout, childControllers } from './machine-check.ts'

/** What the kubelet and runc ask for. */
const NEEDED = ['cpu', 'cpuset', 'io', 'memory', 'pids']

/** Makes the group of a node in every hierarchy. Answers whether Pods can have groups of their own below it. */
export function makeCgroup(run: Run, name: string, root = '/sys/fs/cgroup'): boolean {
  const hierarchies = cgroupHierarchies(root)
  for (const hierarchy of hierarchies) {
    const path = join(hierarchy, name)
    run.record({ kind: 'cgroup', path })
    mkdirSync(path, { recursive: true })
    if (basename(hierarchy) === 'cpuset') copyCpuset(hierarchy, path)
  }
  return cgroupLayout(root) === 'v1' || NEEDED.every((controller) => delegate(controller, root))
}

/** A new v1 cpuset is empty, and nothing may run in it. */
function copyCpuset(from: string, to: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (existsSync(join(from, file))) writeFileSync(join(to, file), readFileSync(join(from, file)))
  }
}

/** v2: children of the root get a controller; systemd has done so, and in a container the kernel may refuse. Harmless to leave. */
function delegate(controller: string, root: string): boolean {
  if (childControllers(root).includes(controller)) return true
  try {
    writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`)
    return true
  } catch {
    return false
  }
}
