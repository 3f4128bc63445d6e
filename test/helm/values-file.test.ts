import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { valuesFile } from '../../src/helm/helm-flags.ts'

test('text that YAML 1.1 would read as another type stays text for a reader of 1.1', () => {
  const values = {
    nodeSelector: { dedicated: 'yes', on: 'off', '1_000': '0b11' },
    data: ['y', 'N', '~', 'null', '1:30', '2026-11-27', '=', '<<', '0o7', '1e3', '.inf', ''],
  }
  assert.deepEqual(parse(valuesFile(values), { version: '1.1' }), values)
})

test('characters that end a line in YAML 1.1 are written as escapes', () => {
  assert.equal(valuesFile({ a: 'x\u0085y\u2028z\u007f\ufeff' }), '{\n  "a": "x\\u0085y\\u2028z\\u007f\\ufeff"\n}\n')
})
