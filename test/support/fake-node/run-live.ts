import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FakeNode, RunResult } from './fake-node.ts'

/** Returns why a script cannot run in mounts of its own on this machine; undefined if it can. */
export function findLiveObstacle(): string | undefined {
  if (process.platform !== 'linux') return `it needs mounts of Linux; this machine is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root, for mounts of its own'
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `unshare fails: ${String(error)}`
  }
}

export interface Live {
  /** Further commands in the mounts of the node, before the script. */
  readonly prepare?: string
  /** Texts of programs, by their name. */
  readonly programs?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

/** The folders of a host that belong to the node. */
const FOLDERS = ['opt', 'etc', 'var', 'run']

/** Runs a script with dash, as `runOnNode` does. */
export function runLive(node: FakeNode, script: string, { args = [], ...live }: Live): Promise<RunResult> {
  return runOnNode(node, ['dash', script, ...args], live)
}

/**
 * Runs a command with the fake node's folders as this host's, so that a script needs no --root. The
 * programs of `Live` and `systemctl` are stand-ins.
 */
export function runOnNode(
  node: FakeNode,
  command: readonly string[],
  { prepare = ':', programs = {} }: Omit<Live, 'args'>,
): Promise<RunResult> {
  const bin = join(node.root, '..', 'bin')
  mkdirSync(bin, { recursive: true })
  const all = { systemctl: node.systemctl, ...programs }
  for (const [name, text] of Object.entries(all))
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  for (const name of FOLDERS) mkdirSync(join(node.root, name), { recursive: true })
  const mounts = FOLDERS.map((name) => `mount --bind "$1/${name}" /${name}`).join(' && ')
  const inside = `{ ${mounts}; } || exit 99; ${prepare}; shift; exec "$@"`
  return new Promise((resolve) => {
    const cwd = join(node.root, '..')
    const options = { cwd, env: { PATH: `${bin}:${process.env.PATH}`, TMPDIR: cwd }, timeout: 120_000 }
    const words = ['-m', 'sh', '-c', inside, 'sh', node.root, ...command]
    const child = execFile('unshare', words, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}
