import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FakeNode } from './fake-node.ts'
import { FOLDERS } from './run-live.ts'

/** A process in whose mounts the fake node's folders are the host's. */
export interface FakeHost extends AsyncDisposable {
  readonly pid: number
}

/**
 * Keeps the mounts of `runOnNode` open, so that a program can enter them as a container enters its
 * host.
 */
export async function openHost(node: FakeNode): Promise<FakeHost> {
  const bin = join(node.root, '..', 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\n${node.systemctl}\n`, { mode: 0o755 })
  for (const name of FOLDERS) mkdirSync(join(node.root, name), { recursive: true })
  const mounts = FOLDERS.map((name) => `mount --bind "$1/${name}" /${name}`).join(' && ')
  const inside = `${mounts} && mount --bind "$2" /usr/local/bin && echo ready && exec sleep 1000`
  const child = spawn('unshare', ['-m', 'sh', '-c', inside, 'sh', node.root, bin], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}
