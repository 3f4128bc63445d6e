import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { loadValues } from '../../src/values/load-values.ts'
import type { Schema } from '../../src/values/schema/schema.ts'
import { readYaml } from '../../src/values/yaml/read-yaml.ts'
import type { Position, YamlNode } from '../../src/values/yaml/yaml-node.ts'
import { mutations } from '../support/chart/schema-values.ts'

const root = new URL('../../', import.meta.url)
const schema = JSON.parse(await readFile(new URL('chart/values.schema.json', root), 'utf8')) as Schema
const defaults = { name: 'chart/values.yaml', text: await readFile(new URL('chart/values.yaml', root), 'utf8') }
const base = {
  registries: [{ name: 'prod', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
  identity: { type: 'worker-role' },
}

function restAt(text: string, { line, column }: Position): string {
  const content = text.split('\n')[line - 1]
  assert.ok(content !== undefined && column >= 1 && column <= content.length + 1, `${line}:${column} is in the file`)
  return content.slice(column - 1)
}

test('the location of every value is the location of its text', () => {
  // Words that occur once and need no quotes, so that the text contains them unchanged.
  const word = fc.stringMatching(/^[a-z]{3,8}$/).filter((each) => !/^(null|true|false|yes|no|on|off)$/.test(each))
  const { tree } = fc.letrec<{ tree: unknown; node: unknown }>((tie) => ({
    tree: fc.oneof(fc.dictionary(word, tie('node'), { minKeys: 1, maxKeys: 4 })),
    node: fc.oneof(
      { maxDepth: 4 },
      word,
      fc.integer(),
      fc.boolean(),
      fc.array(tie('node'), { maxLength: 3 }),
      tie('tree'),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.constantFrom(2, 4), fc.boolean(), (value, indent, isFlow) => {
      const text = isFlow ? JSON.stringify(value, null, indent) : stringify(value, { indent })
      const visit = (node: YamlNode): void => {
        const rest = restAt(text, node.at)
        if (node.kind === 'scalar') {
          const shown = isFlow && typeof node.value === 'string' ? JSON.stringify(node.value) : String(node.value)
          assert.ok(rest.startsWith(shown), `${shown} at ${node.at.line}:${node.at.column} of\n${text}`)
        }
        if (node.kind === 'list') for (const item of node.items) visit(item)
        if (node.kind !== 'map') return
        for (const [key, { keyAt, value: inner }] of node.entries) {
          assert.ok(restAt(text, keyAt).startsWith(isFlow ? `"${key}"` : key), `${key} of\n${text}`)
          visit(inner)
        }
      }
      const { root: node, errors } = readYaml({ name: 'a.yaml', text }, 'user')
      assert.deepEqual(errors, [])
      assert.ok(node)
      visit(node)
    }),
  )
})

test('every error names a place in a file of the user', () => {
  const layer = fc.array(mutations(schema, schema), { maxLength: 3 }).map((changes) => {
    const value = changes.reduce<unknown>((tree, change) => change(tree), base)
    return stringify(value) ?? ''
  })
  fc.assert(
    fc.property(fc.array(layer, { minLength: 1, maxLength: 2 }), (texts) => {
      const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }))
      for (const { place, message, hint } of loadValues({ files, defaults }).errors) {
        const file = files.find(({ name }) => name === place.file)
        assert.ok(file, `${message} is in ${place.file}`)
        restAt(file.text, { file: file.name, line: place.line ?? 0, column: place.column ?? 0 })
        assert.ok(message.length > 0 && hint.length > 0)
      }
    }),
    { numRuns: 500 },
  )
})

test('no text makes the parser throw', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      'registries:',
      '  - name: a',
      '---',
      'a: &x [*x]',
      '<<: {',
      '"',
      '? :',
      '%TAG',
      '\t',
      '- - -',
      '!!str',
    ),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const { errors, values } = loadValues({ files: [{ name: 'a.yaml', text: lines.join('\n') }], defaults })
      assert.ok(errors.length > 0 || values !== undefined)
    }),
    { numRuns: 2000 },
  )
})
