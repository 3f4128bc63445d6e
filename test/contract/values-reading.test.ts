import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { loadValues } from '../../src/values/load-values.ts'
import { agreedValue, readings } from '../../src/values/yaml-scalar.ts'
import { openHelm } from '../support/chart.ts'
import { helmReading, makeProbeChart } from '../support/probe-chart.ts'

const root = new URL('../../', import.meta.url)
const defaults = { name: 'chart/values.yaml', text: await readFile(new URL('chart/values.yaml', root), 'utf8') }
const helms = [await openHelm('helm4'), await openHelm('helm3')]
const probe = await makeProbeChart(defaults.text, '{}')
const empty = await makeProbeChart('', '{}')
after(async () => {
  for (const resource of [...helms, probe, empty]) await resource[Symbol.asyncDispose]()
})

// Words near every rule of the readers: numbers of all bases, dates, times, booleans, null, infinities.
const word = fc.oneof(
  fc.stringMatching(/^[-+]?(0[xXoObB]?)?[0-9a-fA-F_]{1,6}(\.[0-9_]{0,3})?([eE][-+]?[0-9_]{1,3})?$/),
  fc.stringMatching(/^[-+.]?[0-9._]{1,6}[a-z]?$/),
  fc.stringMatching(/^[0-9]{1,4}[-:][0-9]{1,2}([-:][0-9]{1,2})?(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$/),
  fc.stringMatching(/^[yYnNtTfFoO][eErRaAnNfFsSuUlL]{0,4}$/),
  fc.constantFrom(
    '~',
    'null',
    'Null',
    'NULL',
    'nULL',
    '.inf',
    '-.Inf',
    '+.INF',
    '.nan',
    '.NaN',
    '1e400',
    '-0',
    '9007199254740993',
  ),
)

test('what Helm makes of 3000 unquoted words is what we say it makes of them', async () => {
  const words = [...new Set(fc.sample(word, { numRuns: 3000, seed: 21 }))].filter((each) => /^[^\s#]+$/.test(each))
  // A number that JSON has no form for makes Helm refuse the whole file.
  const usable = words.filter((each) => !/^[-+]?\.(inf|nan)$/i.test(each))
  const text = usable.map((each, index) => `k${index}: ${each}\n`).join('')
  const file = await empty.file(text)
  for (const helm of helms) {
    const theirs = (await helmReading(helm, empty, [file])) as Record<string, unknown>
    for (const [index, each] of usable.entries()) {
      const ours = readings(each)
      assert.deepEqual(ours.helm ?? null, theirs[`k${index}`] ?? null, `${helm.name}: ${each}`)
      const agreed = agreedValue(ours)
      if (agreed !== undefined)
        assert.deepEqual(agreed, theirs[`k${index}`] ?? null, `${helm.name}: ${each} was accepted`)
    }
  }
})

test("the merged values are Helm's own, over the chart's defaults and through several files", async () => {
  const leaf = fc.oneof(fc.constantFrom(null, true, 0, 7, '', 'text', [], [1, null], [{ a: null }]), fc.integer())
  const { tree } = fc.letrec<{ tree: Record<string, unknown>; node: unknown }>((tie) => ({
    tree: fc.dictionary(
      fc.constantFrom(
        'targets',
        'namespaces',
        'include',
        'selector',
        'verify',
        'interval',
        'image',
        'tag',
        'free',
        'global',
      ),
      tie('node'),
      { maxKeys: 4 },
    ),
    node: fc.oneof({ maxDepth: 4 }, leaf, tie('tree')),
  }))
  for (const layers of fc.sample(fc.array(tree, { minLength: 1, maxLength: 3 }), { numRuns: 40, seed: 22 })) {
    const files = layers.map((layer, index) => ({ name: `${index}.yaml`, text: JSON.stringify(layer) }))
    const { merged } = loadValues({ files, defaults })
    const paths = await Promise.all(files.map(({ text }) => probe.file(text)))
    const both = await Promise.all(helms.map((helm) => helmReading(helm, probe, paths)))
    for (const theirs of both) assert.deepEqual(merged, theirs, JSON.stringify(layers))
  }
})
