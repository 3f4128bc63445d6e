import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Run } from '../../process/run.ts'
import { cgroupHierarchies, cgroupLayout, childControllers } from './machine-check.ts'

const run = promisify(execFile)

/** $0: this script; the rest of the line after `--bundle` is the folder. */
const WRAPPER = (node: string, strip: string, runc: string): string => `#!/bin/sh
previous=
for argument in "$@"; do
  if [ "$previous" = --bundle ]; then "${node}" "${strip}" "$argument" || exit 1; fi
  previous=$argument
done
exec "${runc}" "$@"
`

/**
 * The runtime that containerd shall call. The kubelet asks for a seccomp profile for each Pod's sandbox, and a runc built without libseccomp (whose
 * headers few machines have) refuses it: then a wrapper takes the profile out first.
 */
export async function prepareRunc(runc: string, folder: string, node: string = process.execPath): Promise<string> {
  const { stdout } = await run(runc, ['features'])
  const features = JSON.parse(stdout) as { linux?: { seccomp?: { enabled?: boolean } } }
  if (features.linux?.seccomp?.enabled) return runc
  const file = join(folder, 'runc')
  writeFileSync(file, WRAPPER(node, fileURLToPath(new URL('strip-seccomp/main.ts', import.meta.url)), runc), {
    mode: 0o755,
  })
  return file
}

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
