import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadValues } from '../../src/values/load-values.ts'

function hintsOf(line: string): readonly (readonly [string, string])[] {
  const registry = '{ name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }'
  const text = `identity: { type: worker-role }\nregistries: [${registry}]\n${line}\n`
  return loadValues({ files: [{ name: 'v', text }] }).errors.map(({ code, hint }) => [code, hint])
}

for (const word of ['off', 'no', 'on', '0o17']) {
  test(`guard: ${word} gets the words that the key allows, because the same in quotes is refused too`, () => {
    assert.deepEqual(hintsOf(`guard: ${word}`), [['YAML_AMBIGUOUS', 'Take one of: enabled, disabled.']])
  })
}

test('guard: false is no text to put in quotes either', () => {
  assert.deepEqual(hintsOf('guard: false'), [['SCHEMA_TYPE', 'Take one of: enabled, disabled.']])
})

test('P6 an ambiguous text keeps the fix that quotes what is written, and a possible secret is not shown', () => {
  assert.match(hintsOf('secretName: 0012345')[0]?.[1] ?? '', /^Quote it if you mean text: "0012345"\./)
  assert.deepEqual(hintsOf('podAnnotations: { password: 0o17 }')[0], ['YAML_AMBIGUOUS', 'Quote it if you mean text.'])
})
