import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountOf } from '../../src/lib/quantity.ts'
import { loadValues } from '../../src/values/load-values.ts'

/** The amounts of quantities, and texts that are none (undefined). */
const QUANTITIES: readonly (readonly [unknown, number | undefined])[] = [
  ['0', 0],
  ['1', 1],
  ['1.', 1],
  ['.5', 0.5],
  ['+1.5', 1.5],
  ['20m', 0.02],
  ['1500000u', 1.5],
  ['3n', 3e-9],
  ['2k', 2e3],
  ['1M', 1e6],
  ['1.1G', 1.1e9],
  ['1T', 1e12],
  ['1P', 1e15],
  ['1E', 1e18],
  ['96Ki', 96 * 1024],
  ['96Mi', 96 * 1024 ** 2],
  ['1.5Gi', 1.5 * 1024 ** 3],
  ['1Ti', 1024 ** 4],
  ['1Pi', 1024 ** 5],
  ['1Ei', 1024 ** 6],
  ['1e3', 1000],
  ['1E+3', 1000],
  ['1e-3', 0.001],
  [1, 1],
  [0.25, 0.25],
  ...[
    '',
    '.',
    'Mi',
    '96 Mi',
    '96MiB',
    '96MB',
    '96mi',
    '96Mib',
    '1e',
    '1e1m',
    '1K',
    '1ki',
    '1mm',
    '0x10',
    '1_0',
    ' 1',
    '1 ',
  ].map((text) => [text, undefined] as const),
]

// parseQuantityString and ParseQuantity in pkg/api/resource/quantity.go, and the suffixes in
// suffix.go, of k8s.io/apimachinery:
// https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/resource/quantity.go
test('the quantities in `resources` are those that the API server accepts', () => {
  for (const [quantity, amount] of QUANTITIES) {
    assert.equal(amountOf(quantity), amount, `${quantity}`)
    const resources = { requests: { cpu: quantity }, limits: { cpu: quantity } }
    const { errors } = loadValues({ files: [{ name: 'v', text: JSON.stringify({ resources }) }] })
    const codes = errors.filter(({ path }) => path.at(-1) === 'cpu').map(({ code }) => code)
    assert.deepEqual(codes, amount === undefined ? ['SCHEMA_FORM', 'SCHEMA_FORM'] : [], `${quantity}`)
  }
})
