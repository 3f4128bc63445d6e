import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRunFolder } from '../../src/rollout/run-folder.ts'

test('nothing is ever written outside the run folder', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-folder-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const folder = await createRunFolder(parent)
  for (const name of ['../leak.kubeconfig', 'a/b', '/tmp/leak']) {
    await assert.rejects(folder.write(name, 'secret'), { message: /is not a file of the run folder/ })
  }
  await folder.write('a.kubeconfig', 'text')
  assert.deepEqual([(await readdir(parent)).length, await readdir(folder.path)], [1, ['a.kubeconfig']])
})

test('a temporary folder that cannot be used is named, with the variable to set', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-folder-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const file = join(parent, 'file')
  await writeFile(file, '')
  await assert.rejects(createRunFolder(join(file, 'below')), {
    code: 'TEMP_FOLDER',
    message: `nothing can be written to ${join(file, 'below')}`,
    hint: /`TMPDIR` \(on a runner `RUNNER_TEMP`\)/,
  })
})
