import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { loadClusters } from '../../src/values/load-clusters.ts'
import { loadValues } from '../../src/values/load-values.ts'

const root = new URL('../../', import.meta.url)
const defaults = { name: 'chart/values.yaml', text: await readFile(new URL('chart/values.yaml', root), 'utf8') }

async function readFolder(folder: string): Promise<{ readonly name: string; readonly text: string }[]> {
  const names = await readdir(new URL(folder, root))
  return Promise.all(
    names.toSorted().map(async (name) => ({ name, text: await readFile(new URL(folder + name, root), 'utf8') })),
  )
}

for (const file of await readFolder('examples/values/')) {
  test(`examples/values/${file.name} is accepted, and an editor finds its schema`, () => {
    const { errors, warnings } = loadValues({ files: [file], defaults })
    assert.deepEqual([errors, warnings], [[], []])
    assert.match(file.text, /^# yaml-language-server: \$schema=\.\.\/\.\.\/chart\/values\.schema\.json\n/)
  })
}

for (const file of await readFolder('examples/clusters/')) {
  test(`examples/clusters/${file.name} is accepted, and an editor finds its schema`, () => {
    const { clusters, values, errors } = loadClusters(file)
    assert.deepEqual(errors, [])
    assert.match(file.text, /^# yaml-language-server: \$schema=\.\.\/\.\.\/schemas\/clusters\.schema\.json\n/)
    assert.ok(clusters?.every(({ name, values: own }) => (values.get(name) !== undefined) === (own !== undefined)))
  })
}

test('the values of every chart scenario are accepted', async () => {
  for (const file of await readFolder('chart/ci/')) {
    const { errors, warnings } = loadValues({ files: [file], defaults, rrsaComesLater: true })
    assert.deepEqual([errors, warnings], [[], []], file.name)
  }
})
