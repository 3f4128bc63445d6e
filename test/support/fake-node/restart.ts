// Restarts the kubelet of a fake node, as its service manager does: node restart.ts STATE
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { FakeNodeState } from './fake-node.ts'

const state = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as FakeNodeState
const { root, ready, flagFile, variable, unitFlags, ownFlags, restarts, name } = state

appendFileSync(restarts, 'restart\n')
if (existsSync(ready)) {
  const old = readFileSync(ready, 'utf8')
  rmSync(ready)
  rmSync(join(root, 'proc', old), { force: true })
  process.kill(Number(old), 'SIGKILL')
}
const child = spawn(
  process.execPath,
  [join(import.meta.dirname, 'kubelet.ts'), root, ready, ...ownFlags, ...readFlags()],
  {
    argv0: name,
    detached: true,
    stdio: 'ignore',
  },
)
// The node's /proc shows only its own processes.
symlinkSync(`/proc/${child.pid}`, join(root, 'proc', String(child.pid)))
let ended = false
child.once('exit', () => {
  ended = true
})
while (!ended && !existsSync(ready)) await pause(20)
if (ended) rmSync(join(root, 'proc', String(child.pid)), { force: true })
process.exit(0)

function readFlags(): readonly string[] {
  if (flagFile === undefined) return rancherFlags()
  const file = join(root, flagFile)
  if (!existsSync(file)) return unitFlags
  const text = execFileSync('/bin/sh', ['-c', `. "$1"; printf %s "$${variable}"`, 'sh', file], {
    encoding: 'utf8',
    env: { ...process.env, [variable]: unitFlags.join(' ') },
  })
  return text.split(/\s+/).filter((word) => word !== '')
}

/** k3s and RKE2 pass the flags if both exist (`ImageCredProvAvailable` of k3s). */
function rancherFlags(): readonly string[] {
  const [config, folder] = ['config.yaml', 'bin'].map((name) => `/var/lib/rancher/credentialprovider/${name}`)
  const isAvailable = [config, folder].every((path) => existsSync(join(root, path ?? '')))
  return isAvailable
    ? [`--image-credential-provider-config=${config}`, `--image-credential-provider-bin-dir=${folder}`]
    : []
}
