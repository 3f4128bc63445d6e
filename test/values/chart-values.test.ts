import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, parse, parseDocument } from 'yaml'
import type { Schema } from '../../src/values/schema/schema.ts'
import { CHART, listScenarios } from '../support/chart/chart.ts'
import { FIXED, schemaDefaults, schemaLeaves, valuesAt, WITHOUT_EFFECT } from '../support/chart/schema-leaves.ts'

const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as Schema
const leaves = schemaLeaves(schema, schema)
const valuesText = await readFile(join(CHART, 'values.yaml'), 'utf8')
const scenarios = await Promise.all(
  (await listScenarios()).map(async ({ file }) => parse(await readFile(file, 'utf8')) as Record<string, unknown>),
)

test('values.yaml and the schema state the same defaults', () => {
  const written = parse(valuesText) as Record<string, unknown>
  const stated = schemaDefaults(schema, schema) as Record<string, unknown>
  const keys = [...new Set([...Object.keys(written), ...Object.keys(stated)])]
  const different = keys.filter((key) => !isDeepStrictEqual(written[key], stated[key]))
  assert.deepEqual(different, [], `other in chart/values.yaml than \`default\` in the schema: ${different}`)
})

test('each key of values.yaml is documented above it', () => {
  const { contents } = parseDocument(valuesText)
  assert.ok(isMap(contents))
  for (const { key } of contents.items) {
    assert.ok(isScalar(key) && typeof key.range?.[0] === 'number')
    const above = valuesText.slice(0, key.range[0]).trimEnd().split('\n').at(-1)
    assert.match(above ?? '', /^#/, `${key.value} has no comment`)
  }
})

test('a scenario sets each key of the values to something other than its default', () => {
  const missing = leaves
    .filter(({ path }) => !WITHOUT_EFFECT.includes(path) && !FIXED.includes(path))
    .filter(({ path, schema: { default: standard } }) => {
      const found = scenarios.flatMap((values) => valuesAt(values, path))
      return !found.some((value) => !isDeepStrictEqual(value, standard))
    })
    .map(({ path }) => path)
  assert.deepEqual(missing, [], `no file in chart/ci/ sets to another value than the default: ${missing.join(', ')}`)
})

test('a scenario uses each choice of each key', () => {
  // Choices of Kubernetes itself are passed on unchanged.
  const ours = leaves.filter(({ path }) => !/^(tolerations|topologySpread|dnsPolicy|updateStrategy)/.test(path))
  const missing = ours.flatMap(({ path, schema: { enum: choices = [], default: standard } }) =>
    choices
      .filter((choice) => choice !== standard)
      .filter((choice) => !scenarios.some((values) => valuesAt(values, path).includes(choice)))
      .map((choice) => `${path}: ${choice}`),
  )
  assert.deepEqual(missing, [], `no file in chart/ci/ has: ${missing.join(', ')}`)
})
