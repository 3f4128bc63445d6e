import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Helm } from '../../src/helm/find-helm.ts'
import { startHelmWrite } from '../../src/helm/helm-process.ts'

const noRecord = (): void => undefined

/** A program in place of helm, to test how child processes are treated. */
async function helm(t: TestContext, script: string): Promise<{ readonly helm: Helm; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-helm-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'a helm')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  const version = { major: 4, minor: 3, patch: 1, text: 'v4.3.1' }
  return { helm: { path, version, environment: { PATH: process.env.PATH ?? '' } }, folder }
}

test('P10 an interrupt reaches the child process, and its exit and last output are awaited', async (t) => {
  const { helm: program, folder } = await helm(
    t,
    'trap "echo cancelled >&2; exit 1" INT\necho ready\nwhile :; do sleep 0.05; done',
  )
  const write = await startHelmWrite(program, [], { folder, name: 'x' }, noRecord)
  while (!(await readFile(join(folder, 'x.out'), 'utf8')).includes('ready')) await new Promise(setImmediate)
  write.interrupt()
  assert.deepEqual(await write.ended, { exitCode: 1, signal: null, stderr: 'cancelled\n' })
})

test("P6 helm's output is written to files that no other user may read, and no shell sees its arguments", async (t) => {
  const { helm: program, folder } = await helm(t, 'printf "%s\\n" "$@"')
  const write = await startHelmWrite(program, ['$(id)', 'a b', '`x`'], { folder, name: 'x' }, noRecord)
  await write.ended
  assert.equal(await readFile(join(folder, 'x.out'), 'utf8'), '$(id)\na b\n`x`\n')
  assert.equal((await stat(join(folder, 'x.out'))).mode & 0o777, 0o600)
  assert.equal((await stat(join(folder, 'x.err'))).mode & 0o777, 0o600)
})

test('a helm that cannot be started is an error, not an endless wait', async (t) => {
  const { helm: program, folder } = await helm(t, '')
  await assert.rejects(
    startHelmWrite({ ...program, path: join(folder, 'absent') }, [], { folder, name: 'x' }, noRecord),
    {
      code: 'ENOENT',
    },
  )
})

test('the journal gets the process that becomes helm, and the file of its errors, before helm runs', async (t) => {
  const { helm: program, folder } = await helm(t, 'echo "$$"; cat "$1"')
  const recorded = join(folder, 'recorded')
  let pid = 0
  const write = await startHelmWrite(program, [recorded], { folder, name: 'x' }, (process) => {
    pid = process.pid
    writeFileSync(recorded, process.stderrFile)
  })
  assert.deepEqual(await write.ended, { exitCode: 0, signal: null, stderr: '' })
  assert.equal(await readFile(join(folder, 'x.out'), 'utf8'), `${pid}\n${join(folder, 'x.err')}`)
})

test('a helm that cannot be recorded never runs', async (t) => {
  const { helm: program, folder } = await helm(t, 'echo ran')
  const refuse = (): never => {
    throw new Error('the disk is full')
  }
  await assert.rejects(startHelmWrite(program, [], { folder, name: 'x' }, refuse), { message: 'the disk is full' })
  assert.equal(await readFile(join(folder, 'x.out'), 'utf8'), '')
})

test("P10 a terminal's Ctrl-C reaches helm only through the run: helm is the leader of a process group of its own", async (t) => {
  const { helm: program, folder } = await helm(t, 'echo $$ $(ps -o pgid= -p $$)')
  await (await startHelmWrite(program, [], { folder, name: 'x' }, noRecord)).ended
  const [pid, group] = (await readFile(join(folder, 'x.out'), 'utf8')).trim().split(' ')
  assert.equal(group, pid)
})
