import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { loadValues } from '../../src/values/load-values.ts'
import { agreedValue, readings } from '../../src/values/yaml/yaml-scalar.ts'
import { openHelm } from '../support/chart/chart.ts'
import { goJson } from '../support/chart/go-json.ts'
import { helmReading, makeProbeChart } from '../support/chart/probe-chart.ts'

const root = new URL('../../', import.meta.url)
const defaults = { name: 'chart/values.yaml', text: await readFile(new URL('chart/values.yaml', root), 'utf8') }
const helm = await openHelm()
const probe = await makeProbeChart(defaults.text, '{}')
const empty = await makeProbeChart('', '{}')
after(async () => {
  for (const resource of [helm, probe, empty]) await resource[Symbol.asyncDispose]()
})

// Words near every rule of the parsers: numbers of all bases, dates, times, booleans, null,
// infinities.
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

test('we read 3000 unquoted words as Helm does', async () => {
  const words = [...new Set(fc.sample(word, { numRuns: 3000, seed: 21 }))].filter((each) => /^[^\s#]+$/.test(each))
  // A number without a JSON form makes Helm reject the whole file.
  const usable = words.filter((each) => !/^[-+]?\.(inf|nan)$/i.test(each))
  const text = usable.map((each, index) => `k${index}: ${each}\n`).join('')
  const file = await empty.file(text)
  const theirs = JSON.parse((await helmReading(helm, empty, [file])) ?? '') as Record<string, unknown>
  for (const [index, each] of usable.entries()) {
    const ours = readings(each)
    assert.deepEqual(ours.helm ?? null, theirs[`k${index}`] ?? null, `${helm.name}: ${each}`)
    const agreed = agreedValue(ours)
    if (agreed !== undefined)
      assert.deepEqual(agreed, theirs[`k${index}`] ?? null, `${helm.name}: ${each} was accepted`)
  }
})

test('P11 Helm prints an accepted number in the same bytes as we do', async () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true })
  const written = fc.oneof(
    double.map(String),
    double.map((each) => each.toExponential()),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((each) => each.toFixed(3)),
    fc.maxSafeInteger().map(String),
    fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }).map(String),
    fc.constantFrom(
      '1e3',
      '1E+3',
      '1.0',
      '1.50',
      '100e-2',
      '1e20',
      '1e21',
      '1e-6',
      '1e-7',
      '5e-324',
      '0.1',
      '-0',
      '-0.0',
    ),
  )
  const words = [...new Set(fc.sample(written, { numRuns: 4000, seed: 23 }))]
  const file = await empty.file(words.map((each, index) => `k${index}: ${each}\n`).join(''))
  const agreed = new Map(
    words.flatMap((each, index) => {
      const value = agreedValue(readings(each))
      return typeof value === 'number' ? [[`k${index}`, value] as const] : []
    }),
  )
  assert.ok(agreed.size > 1000, `${agreed.size}`)
  const printed = sources((await helmReading(helm, empty, [file])) ?? '')
  for (const [key, value] of agreed) assert.equal(goJson(value), printed.get(key), `${helm.name}: ${key}`)
})

/** Each top-level key with the text of its value. */
function sources(json: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const note = (key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (context?.source !== undefined) found.set(key, context.source)
    return value
  }
  JSON.parse(json, note)
  return found
}

test("P11 the merged values are identical to Helm's byte for byte, over the chart's defaults and through several files", async () => {
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
    assert.equal(goJson(merged), await helmReading(helm, probe, paths), JSON.stringify(layers))
  }
})
