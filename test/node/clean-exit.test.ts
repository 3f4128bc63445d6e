import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { RUN_VARIABLE } from '../../tools/process/clean-up.ts'
import { findByEnvironment } from '../../tools/process/process-table.ts'
import { sweepDeadRuns } from '../../tools/process/run.ts'
import { eventually } from '../support/eventually.ts'
import { type MachineMarks, machineMarks } from '../support/node/machine-marks.ts'

let untouched: MachineMarks
before(async () => {
  await sweepDeadRuns()
  untouched = machineMarks()
})

for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
  test(`a node whose owner is terminated by ${signal} leaves no process, mount, cgroup, sysctl or folder behind`, async () => {
    const owner = spawn(process.execPath, [fileURLToPath(new URL('fixtures/owner.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(owner.stdout, 'data')) as [Buffer]
    const runs = JSON.parse(line.toString()) as { id: string; folder: string; ledger: string }[]
    assert.equal(runs.length, 2)
    assert.ok(runs.every(({ id }) => findByEnvironment(RUN_VARIABLE, id).length > 0))
    assert.notDeepEqual(machineMarks().cgroups, untouched.cgroups, 'the node has groups of its own')
    owner.kill(signal)
    await once(owner, 'exit')
    await eventually(() => assert.ok(runs.every(({ ledger }) => !existsSync(ledger))), 30_000)
    assert.deepEqual(
      runs.flatMap(({ id }) => findByEnvironment(RUN_VARIABLE, id)),
      [],
    )
    assert.ok(runs.every(({ folder }) => !existsSync(folder)))
    assert.deepEqual(machineMarks(), untouched)
  })
}
