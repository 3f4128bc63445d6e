import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writePrivateFile } from '../../src/lib/files.ts'
import { readPlanFile, writePlanFile } from '../../src/rollout/inputs/plan-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-private-'))
const file = (name: string): string => join(folder, name)
after(() => rmSync(folder, { recursive: true, force: true }))

test('a private file can only be read by its user, whatever the umask and the file that existed before', () => {
  const before = process.umask(0)
  try {
    writePrivateFile(file('new'), 'a')
    writeFileSync(file('old'), 'a longer text')
    chmodSync(file('old'), 0o666)
    writePrivateFile(file('old'), 'b')
  } finally {
    process.umask(before)
  }
  const written = ['new', 'old'].map((name) => [readFileSync(file(name), 'utf8'), statSync(file(name)).mode & 0o777])
  assert.deepEqual(written, [
    ['a', 0o600],
    ['b', 0o600],
  ])
})

test('nothing is written through a link, into a file with two names, a pipe or a folder', () => {
  writeFileSync(file('target'), 'kept')
  symlinkSync(file('target'), file('link'))
  symlinkSync(file('absent'), file('dangling'))
  linkSync(file('target'), file('other-name'))
  execFileSync('mkfifo', [file('pipe')])
  for (const name of ['link', 'dangling', 'other-name', 'pipe', '.', 'absent/file']) {
    assert.throws(() => writePrivateFile(file(name), 'x'), { code: 'INPUT_INVALID' }, name)
    assert.throws(() => writePlanFile(file(name), []), { code: 'INPUT_INVALID' }, name)
  }
  assert.equal(readFileSync(file('target'), 'utf8'), 'kept')
  assert.throws(() => statSync(file('absent')))
})

test('an endless plan file is not read to its end', () => {
  symlinkSync('/dev/zero', file('zero'))
  assert.throws(() => readPlanFile(file('zero')), { code: 'INPUT_INVALID' })
  assert.throws(() => readPlanFile(file('pipe')), { code: 'INPUT_INVALID' })
  writePlanFile(file('plan'), [])
  assert.equal(readPlanFile(file('plan')).size, 0)
})

test('a link in the workspace cannot lead a plan file out of it', () => {
  const workspace = file('workspace')
  for (const name of ['workspace/own', 'elsewhere']) mkdirSync(file(name), { recursive: true })
  symlinkSync(file('elsewhere'), join(workspace, 'out'))
  symlinkSync(join(workspace, 'own'), join(workspace, 'in'))
  assert.throws(() => writePlanFile(join(workspace, 'out', 'plan.json'), [], workspace), { code: 'INPUT_INVALID' })
  assert.deepEqual(readdirSync(file('elsewhere')), [])
  writePlanFile(join(workspace, 'in', 'plan.json'), [], workspace)
  writePlanFile(file('elsewhere/plan.json'), [], workspace)
  assert.deepEqual(readdirSync(join(workspace, 'own')), ['plan.json'])
})
