import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isAlive, type ProcessId, processId } from '../../../src/lib/process-id.ts'
import { exitedWithin, RUN_VARIABLE } from '../../../tools/process/clean-up.ts'
import { addTrace, writeHead } from '../../../tools/process/ledger.ts'
import { findByEnvironment } from '../../../tools/process/process-table.ts'
import { openRun, sweepDeadRuns } from '../../../tools/process/run.ts'
import { eventually } from '../../support/eventually.ts'

const root = mkdtempSync(join(tmpdir(), 'acr-nopass-test-'))
after(() => rmSync(root, { recursive: true, force: true }))
const ledgers = join(root, 'runs')

interface Owner {
  readonly process: ChildProcess
  readonly folder: string
  readonly run: string
  readonly child: ProcessId
}

async function startOwner(): Promise<Owner> {
  const file = fileURLToPath(new URL('fixtures/owner.ts', import.meta.url))
  const owner = spawn(process.execPath, [file, ledgers], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  return { process: owner, ...(JSON.parse(line.toString()) as Omit<Owner, 'process'>) }
}

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test(`an owner ended by ${signal} leaves no process, folder or ledger behind`, async () => {
    const owner = await startOwner()
    await eventually(() => assert.ok(existsSync(join(owner.folder, 'grandchild'))))
    assert.equal(findByEnvironment(RUN_VARIABLE, owner.run).length, 2)
    owner.process.kill(signal)
    // The child ignores SIGTERM, so the guard waits for 5 s before it kills it.
    await eventually(() => assert.deepEqual(readdirSync(ledgers), []), 15_000)
    assert.deepEqual(findByEnvironment(RUN_VARIABLE, owner.run), [])
    assert.equal(isAlive(owner.child), false)
    assert.equal(existsSync(owner.folder), false)
  })
}

test('work that goes on after a run has ended leaves no folder behind', () => {
  const file = fileURLToPath(new URL('fixtures/late-writer.ts', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [file, ledgers], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.match(stdout, /acr-nopass-[0-9a-f]{8}$/)
  assert.equal(existsSync(stdout), false)
})

test("a program of a run gets PATH and Go's settings, and nothing else of the environment", async (t) => {
  const given = { GOGC: '400', GOMEMLIMIT: '500MiB', ACR_NOPASS_OTHER: 'not passed on' }
  for (const [name, value] of Object.entries(given)) {
    const before = process.env[name]
    t.after(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
    process.env[name] = value
  }
  await using run = await openRun(ledgers)
  const child = await run.start({ name: 'env', command: '/usr/bin/env', args: [] })
  await child.exited
  const lines = readFileSync(child.logFile, 'utf8').trim().split('\n').toSorted()
  // While coverage is measured, Node passes this variable on to every child.
  const passed = lines.filter((line) => !line.startsWith('NODE_V8_COVERAGE='))
  const expected = [`${RUN_VARIABLE}=${run.id}`, 'GOGC=400', 'GOMEMLIMIT=500MiB', `PATH=${process.env.PATH}`]
  assert.deepEqual(passed, expected.toSorted())
})

test('if owner and guard died, the next run removes everything', async () => {
  const path = join(root, 'leftover')
  const sleeper = spawn('/bin/sleep', ['1000'], { detached: true, stdio: 'ignore' })
  writeFileSync(path, '')
  await using first = await openRun(ledgers)
  const file = join(ledgers, 'dead0000.ledger')
  writeHead(file, { run: 'dead0000', owner: { pid: 1, start: 'never' } })
  addTrace(file, { kind: 'folder', path })
  const id = processId(sleeper.pid ?? 0)
  addTrace(file, { kind: 'process', id, disposable: false })
  assert.deepEqual(await sweepDeadRuns(ledgers), ['dead0000'])
  assert.equal(isAlive(id), false)
  assert.equal(existsSync(path), false)
  assert.equal(existsSync(file), false)
  assert.ok(existsSync(first.folder), 'the folder of a running run must not be removed')
})

test('a process with another start time is not killed', async () => {
  const file = join(ledgers, 'dead0001.ledger')
  writeHead(file, { run: 'dead0001', owner: { pid: 1, start: 'never' } })
  addTrace(file, { kind: 'process', id: { pid: process.pid, start: 'another' }, disposable: true })
  assert.deepEqual(await sweepDeadRuns(ledgers), ['dead0001'])
})

test('ending a run stops its processes and removes its files, and may be repeated', async () => {
  const run = await openRun(ledgers)
  const child = await run.start({ name: 'sleeper', command: '/bin/sleep', args: ['1000'] })
  const early = await run.start({ name: 'early', command: '/bin/sh', args: ['-c', 'echo output; exit 3'] })
  assert.deepEqual(await early.exited, { code: 3, signal: null })
  assert.equal(early.tail(), 'output')
  await run.end()
  await run.end()
  assert.deepEqual(await child.exited, { code: null, signal: 'SIGTERM' })
  assert.equal(existsSync(run.folder), false)
  assert.equal(existsSync(run.ledger), false)
})

test('a child that ignores SIGTERM is killed with its process group', async () => {
  await using run = await openRun(ledgers)
  const child = await run.start({
    name: 'deaf',
    command: '/bin/sh',
    args: ['-c', 'trap "" TERM; echo up; /bin/sleep 1000'],
  })
  await eventually(() => assert.equal(child.tail(), 'up'))
  assert.deepEqual(await child.stop(100), { code: null, signal: 'SIGKILL' })
  assert.ok(await exitedWithin(findByEnvironment(RUN_VARIABLE, run.id), 2_000))
})

test('the error for a program that does not exist names it', async () => {
  await using run = await openRun(ledgers)
  await assert.rejects(run.start({ name: 'ghost', command: join(root, 'none'), args: [] }), {
    code: 'SANDBOX_PROCESS',
    message: `ghost cannot be started from ${join(root, 'none')}`,
  })
})
