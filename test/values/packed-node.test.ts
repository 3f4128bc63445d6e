import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readPacked, TEXT } from '../../src/values/chart-defaults.generated.ts'
import { packNode, unpackMap } from '../../src/values/packed-node.ts'
import { readYaml } from '../../src/values/yaml/read-yaml.ts'

test("the chart's own values that were read at build time are those of its file, with their places", () => {
  const text = readFileSync(new URL('../../chart/values.yaml', import.meta.url), 'utf8')
  assert.equal(TEXT, text)
  assert.deepEqual(
    unpackMap(readPacked(), 'chart/values.yaml', 'chart'),
    readYaml({ name: 'chart/values.yaml', text }, 'chart').root,
  )
})

test('a packed node comes back from JSON as it was', () => {
  const text = 'a: [1, true, "2", word, null, [], {b: {c: 0x10}}]\n? "d e"\n: ""\n'
  const { root } = readYaml({ name: 'x.yaml', text }, 'user')
  assert.ok(root)
  assert.deepEqual(unpackMap(JSON.parse(JSON.stringify(packNode(root))), 'x.yaml', 'user'), root)
})
