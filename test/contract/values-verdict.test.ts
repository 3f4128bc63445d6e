import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { check } from '../../src/values/generated/values-validator.mjs'
import { loadValues } from '../../src/values/load-values.ts'
import type { Schema } from '../../src/values/schema/schema.ts'
import { openHelm } from '../support/chart/chart.ts'
import { helmAccepts, helmVerdicts, makeProbeChart } from '../support/chart/probe-chart.ts'
import { mutations } from '../support/chart/schema-values.ts'

const root = new URL('../../', import.meta.url)
const schemaText = await readFile(new URL('chart/values.schema.json', root), 'utf8')
const schema = JSON.parse(schemaText) as Schema
const defaults = { name: 'chart/values.yaml', text: await readFile(new URL('chart/values.yaml', root), 'utf8') }
const examples = fileURLToPath(new URL('examples/values/', root))
const valid = await Promise.all(
  (await readdir(examples))
    .toSorted()
    .map(async (name) => parse(await readFile(`${examples}${name}`, 'utf8')) as object),
)

const helms = [await openHelm('helm4'), await openHelm('helm3')]
const probe = await makeProbeChart(defaults.text, schemaText)
after(async () => {
  for (const helm of helms) await helm[Symbol.asyncDispose]()
  await probe[Symbol.asyncDispose]()
})

const mutated = fc
  .tuple(fc.constantFrom(...valid), fc.array(mutations(schema, schema), { maxLength: 3 }))
  .map(([base, changes]) => changes.reduce<unknown>((value, change) => change(value), base))
  .filter((value): value is object => typeof value === 'object' && value !== null && !Array.isArray(value))

test('P11 the schema check and both Helms give the same verdict on 800 mutated values', async (context) => {
  const corpus = fc.sample(mutated, { numRuns: 800, seed: 11 })
  let accepted = 0
  for (let start = 0; start < corpus.length; start += 150) {
    const values = corpus.slice(start, start + 150)
    const ours = values.map((value) => check(value))
    accepted += ours.filter(Boolean).length
    const both = await Promise.all(helms.map((helm) => helmVerdicts(helm, schemaText, values)))
    for (const theirs of both) {
      const differing = values.filter((_, index) => ours[index] !== theirs[index])
      assert.deepEqual(differing, [], 'a Helm judges these differently')
    }
  }
  context.diagnostic(`${accepted} of ${corpus.length} accepted`)
  assert.ok(accepted > 200 && accepted < 600, `a corpus with both verdicts, not ${accepted} accepted`)
})

test('P11 files that are merged, with nulls over defaults, get the same verdict from both Helms', async () => {
  const layer = fc.tuple(fc.constantFrom(...valid), fc.array(mutations(schema, schema), { maxLength: 2 }))
  const layers = fc.array(layer, { minLength: 1, maxLength: 3 })
  for (const sample of fc.sample(layers, { numRuns: 40, seed: 12 })) {
    const texts = sample.map(([base, changes]) => {
      const value = changes.reduce<unknown>((tree, change) => change(tree), base)
      return stringify(typeof value === 'object' && !Array.isArray(value) ? value : {}, { version: '1.1' })
    })
    const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }))
    const { helmAccepts: ours, errors } = loadValues({ files, defaults })
    if (ours === undefined) continue
    const paths = await Promise.all(texts.map((text) => probe.file(text)))
    const both = await Promise.all(helms.map((helm) => helmAccepts(helm, probe, paths)))
    assert.deepEqual(both, [ours, ours], texts.join('---\n'))
    if (!ours)
      assert.ok(
        errors.some(({ code }) => code.startsWith('SCHEMA_')),
        'a refusal names its reason',
      )
  }
})
