import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { readConfigMap } from '../../src/migrate/import/read-settings.ts'
import { regionOf } from '../migrate/import/config-case.ts'
import { CONFIG_CASES } from '../migrate/import/config-cases.ts'
import { importFrom } from '../migrate/import/import-fixture.ts'
import { recipe2018 } from '../migrate/import/recipe-2018.ts'
import { openHelm } from '../support/chart/chart.ts'

const helms = [await openHelm('helm3'), await openHelm('helm4')]
after(async () => {
  for (const helm of helms) await helm[Symbol.asyncDispose]()
})
const imported = [
  { title: 'the 2018 recipe', text: importFrom(undefined, recipe2018(), { region: 'cn-hangzhou', minor: 36 }).text },
  { title: 'an old cluster', text: importFrom(undefined, recipe2018(), { region: 'cn-hangzhou', minor: 26 }).text },
  ...CONFIG_CASES.map((row) => {
    const read = readConfigMap(row.data, 'ConfigMap')
    return { title: row.title, text: importFrom(read, [], { region: regionOf(row) }).text }
  }),
]

for (const [index, { title, text }] of imported.entries()) {
  // The two Helms alternate. The corpus of values verifies that they read files alike.
  const helm = helms[index % 2]
  test(`the chart renders the imported values: ${title}`, async () => {
    const values = parse(text)
    const kubeVersion = values.guard === 'disabled' ? '1.26.0' : values.attach === 'both' ? '1.36.0' : '1.30.0'
    const manifest = await helm?.render({ values: [values], kubeVersion })
    assert.match(manifest ?? '', /^kind: Deployment$/m)
    for (const { name } of values.registries) assert.ok(manifest?.includes(`name: ${name}`), name)
  })
}
