import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Run } from '../../../tools/process/run.ts'
import { cgroupHierarchies, cgroupLayout, childControllers } from './machine-check.ts'

/** A shell script that removes the seccomp profile from the bundle and calls runc. */
const WRAPPER = (node: string, strip: string, runc: string): string => `#!/bin/sh
previous=
for argument in "$@"; do
  if [ "$previous" = --bundle ]; then "${node}" "${strip}" "$argument" || exit 1; fi
  previous=$argument
done
exec "${runc}" "$@"
`

/**
 * Writes the runtime for containerd, a wrapper that removes the seccomp profile. The kubelet sets a
 * profile for each Pod's sandbox, but our runc rejects it: it is built without libseccomp, whose
 * headers few machines have.
 */
export function writeRuntime(runc: string, folder: string): string {
  const file = join(folder, 'runc')
  const strip = fileURLToPath(new URL('strip-seccomp/main.ts', import.meta.url))
  writeFileSync(file, WRAPPER(process.execPath, strip, runc), { mode: 0o755 })
  return file
}

/** The controllers that the kubelet and runc need. */
const NEEDED = ['cpu', 'cpuset', 'io', 'memory', 'pids']

/**
 * Creates the node's control group in every hierarchy. Returns whether Pods can have their own
 * groups below it.
 */
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

/** A new v1 cpuset has no CPUs, so no process can run in it. */
function copyCpuset(from: string, to: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (existsSync(join(from, file))) writeFileSync(join(to, file), readFileSync(join(from, file)))
  }
}

/**
 * Delegates a controller to the children of a v2 hierarchy's root, as systemd does. Returns false
 * if the kernel does not allow it, as in some containers. The delegation is not reverted.
 */
function delegate(controller: string, root: string): boolean {
  if (childControllers(root).includes(controller)) return true
  try {
    writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`)
    return true
  } catch {
    return false
  }
}
