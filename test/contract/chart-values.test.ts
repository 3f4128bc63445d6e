import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import type { Schema } from '../../src/values/schema/schema.ts'
import { CHART, listScenarios, NEWEST, openHelm, withoutBlankLines } from '../support/chart/chart.ts'
import { FIXED, FOR_NODES, schemaLeaves, valuesAt, WITHOUT_EFFECT } from '../support/chart/schema-leaves.ts'

const helm = await openHelm('helm4')
after(() => helm[Symbol.asyncDispose]())

const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as Schema
const leaves = schemaLeaves(schema, schema)
const scenarios = await Promise.all(
  (await listScenarios()).map(async ({ name, file }) => ({
    name,
    values: parse(await readFile(file, 'utf8')) as Record<string, unknown>,
  })),
)

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
  assert.deepEqual(silent.toSorted(), [...WITHOUT_EFFECT, ...FOR_NODES].toSorted())
})

/** Returns a copy without the value at the path. */
function without(values: object, path: string): object {
  const copy = structuredClone(values)
  const at = Math.max(path.lastIndexOf('.'), 0)
  const parents = at === 0 ? [copy] : valuesAt(copy, path.slice(0, at))
  for (const parent of parents) delete (parent as Record<string, unknown>)[path.slice(at === 0 ? 0 : at + 1)]
  return copy
}
