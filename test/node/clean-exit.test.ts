import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cgroupHierarchies } from '../../src/sandbox/node/machine-check.ts'
import { CHANGED_SYSCTLS } from '../../src/sandbox/node/sysctls.ts'
import { findByEnvironment } from '../../src/sandbox/process/process-table.ts'
import { sweepDeadRuns } from '../../src/sandbox/process/run.ts'
import { RUN_VARIABLE } from '../../src/sandbox/process/take-back.ts'
import { eventually } from '../support/eventually.ts'

interface Marks {
  readonly mounts: readonly string[]
  readonly sysctls: readonly string[]
  readonly cgroups: readonly string[]
  readonly folders: readonly boolean[]
}

/** What a node could leave on a machine, besides processes and its own folder. */
function marks(): Marks {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
  const groups = cgroupHierarchies().flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  const folders = ['/var/lib/kubelet', '/var/log/containers', '/var/log/pods', '/run/containerd']
  return {
    // what else happens on the machine meanwhile is not ours
    mounts: mounts.filter((path) =>
      /acr-nopass|kubelet|containerd|^\/etc\/hosts$|^\/(run|var\/lib|var\/log)$/.test(path),
    ),
    sysctls: CHANGED_SYSCTLS.map((name) => `${name}=${readFileSync(`/proc/sys/${name}`, 'utf8').trim()}`),
    cgroups: groups.filter((path) => /acr-nopass|kubepods/.test(path)),
    folders: folders.map((path) => existsSync(path)),
  }
}

let untouched: Marks
before(async () => {
  await sweepDeadRuns()
  untouched = marks()
})

for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
  test(`a node whose owner is ended by ${signal} leaves no process, mount, cgroup, sysctl or folder behind`, async () => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL('fixtures/owner.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(owner.stdout, 'data')) as [Buffer]
    const runs = JSON.parse(line.toString()) as { id: string; folder: string; ledger: string }[]
    assert.equal(runs.length, 2)
    assert.ok(runs.every(({ id }) => findByEnvironment(RUN_VARIABLE, id).length > 0))
    assert.notDeepEqual(marks().cgroups, untouched.cgroups, 'the node has groups of its own')
    owner.kill(signal)
    await once(owner, 'exit')
    await eventually(() => assert.ok(runs.every(({ ledger }) => !existsSync(ledger))), 30_000)
    assert.deepEqual(
      runs.flatMap(({ id }) => findByEnvironment(RUN_VARIABLE, id)),
      [],
    )
    assert.ok(runs.every(({ folder }) => !existsSync(folder)))
    assert.deepEqual(marks(), untouched)
  })
}
