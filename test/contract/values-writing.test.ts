import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { valuesFile } from '../../src/helm/helm-flags.ts'
import { openHelm } from '../support/chart/chart.ts'
import { helmReading, makeProbeChart } from '../support/chart/probe-chart.ts'

const helm = await openHelm()
const empty = await makeProbeChart('', '{}')
after(async () => {
  for (const resource of [helm, empty]) await resource[Symbol.asyncDispose]()
})

const SEED = 1201

// Words near every rule of YAML 1.1, and arbitrary text with all kinds of line breaks. DEL, NEL and
// BOM are omitted: the probe chart prints them raw, and Helm rejects that.
// test/helm/values-file.test.ts covers them.
const text = fc.oneof(
  fc.constantFrom(
    'yes',
    'No',
    'on',
    'OFF',
    'y',
    'n',
    '~',
    'null',
    '1_000',
    '0b11',
    '0o7',
    '1:30',
    '2026-11-27',
    '=',
    '<<',
    '',
  ),
  fc.stringMatching(/^[-+]?(0[xXoObB]?)?[0-9a-fA-F_]{1,6}(\.[0-9_]{0,3})?([eE][-+]?[0-9_]{1,3})?$/),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('a', ' ', '\n', '\r', '\t', '\u2028', '\u2029', '"', "'", '#', ': '),
  }),
)
const values = fc.letrec((tie) => ({
  leaf: fc.oneof(text, fc.boolean(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  tree: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
  ),
})).tree

test(`Helm reads the rollout's values with the same types: 1500 generated values, seed ${SEED}`, async () => {
  const written = fc.sample(values, { numRuns: 1500, seed: SEED })
  const file = await empty.file(valuesFile({ written }))
  const read = JSON.parse((await helmReading(helm, empty, [file])) ?? '{}').written as readonly unknown[]
  for (const [index, value] of written.entries()) {
    // -0 has no form of its own in JSON, neither in Helm's nor in ours.
    const plain = JSON.parse(JSON.stringify(value))
    assert.deepEqual(read[index], plain, `${helm.name}, value ${index}`)
  }
})
