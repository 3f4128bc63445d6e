import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, parse, parseDocument } from 'yaml'
import type { Schema } from '../../src/values/schema/schema.ts'
import { CHART, listScenarios, NEWEST, openHelm, withoutBlankLines } from '../support/chart/chart.ts'
import { schemaDefaults, schemaLeaves, valuesAt } from './schema-leaves.ts'

const helm = await openHelm('helm4')
after(() => helm[Symbol.asyncDispose]())

const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as Schema
const leaves = schemaLeaves(schema, schema)
const valuesText = await readFile(join(CHART, 'values.yaml'), 'utf8')
const scenarios = await Promise.all(
  (await listScenarios()).map(async ({ name, file }) => ({
    name,
    values: parse(await readFile(file, 'utf8')) as Record<string, unknown>,
  })),
)

/** Keys that are in values.yaml only for information, with a single allowed value. */
const FIXED = [
  'podSecurityContext.runAsNonRoot',
  'securityContext.allowPrivilegeEscalation',
  'securityContext.capabilities.drop',
]

/** Only Helm reads this key, as the condition of a dependency. */
const WITHOUT_EFFECT = ['enabled']

test('values.yaml and the schema state the same defaults', () => {
  assert.deepEqual(parse(valuesText), schemaDefaults(schema, schema))
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
      const found = scenarios.flatMap(({ values }) => valuesAt(values, path))
      return !found.some((value) => !isDeepStrictEqual(value, standard))
    })
  assert.deepEqual(
    missing.map(({ path }) => path),
    [],
  )
})

test('a scenario uses each choice of each key', () => {
  // Choices of Kubernetes itself are passed on unchanged.
  const ours = leaves.filter(({ path }) => !/^(tolerations|topologySpread|dnsPolicy|updateStrategy)/.test(path))
  const missing = ours.flatMap(({ path, schema: { enum: choices = [], default: standard } }) =>
    choices
      .filter((choice) => choice !== standard)
      .filter((choice) => !scenarios.some(({ values }) => valuesAt(values, path).includes(choice)))
      .map((choice) => `${path}: ${choice}`),
  )
  assert.deepEqual(missing, [])
})

test('each key that a scenario sets changes the rendered manifest', async () => {
  const render = async (values: object): Promise<string | undefined> => {
    const args = ['template', 'acr-nopass', CHART, '-n', 'acr-system', '--kube-version', NEWEST]
    const { code, stdout } = await helm.run(args, [values])
    return code === 0 ? withoutBlankLines(stdout) : undefined
  }
  const shown = new Set<string>()
  for (const { values } of scenarios) {
    const whole = await render(values)
    const open = leaves.filter(({ path }) => !shown.has(path) && valuesAt(values, path).length > 0)
    for (const { path } of open) if ((await render(without(values, path))) !== whole) shown.add(path)
  }
  const silent = leaves.map(({ path }) => path).filter((path) => !shown.has(path) && !FIXED.includes(path))
  assert.deepEqual(silent, WITHOUT_EFFECT)
})

/** Returns a copy without the value at the path. */
function without(values: object, path: string): object {
  const copy = structuredClone(values)
  const at = Math.max(path.lastIndexOf('.'), 0)
  const parents = at === 0 ? [copy] : valuesAt(copy, path.slice(0, at))
  for (const parent of parents) delete (parent as Record<string, unknown>)[path.slice(at === 0 ? 0 : at + 1)]
  return copy
}
