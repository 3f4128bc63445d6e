import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadValues } from '../../src/values/load-values.ts'

function hintsOf(line: string): readonly (readonly [string, string])[] {
  const registry = '{ name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }'
  const text = `identity: { type: worker-role }\nregistries: [${registry}]\n${line}\n`
  return loadValues({ files: [{ name: 'v', text }] }).errors.map(({ code, hint }) => [code, hint])
}

for (const word of ['off', 'no', 'on', '0o17']) {
  test(`guard: the fix for ${word} lists the allowed words, because the quoted word is refused too`, () => {
    assert.deepEqual(hintsOf(`guard: ${word}`), [['YAML_AMBIGUOUS', 'Take one of: enabled, disabled.']])
  })
}

test('the fix for guard: false does not suggest quotes', () => {
  assert.deepEqual(hintsOf('guard: false'), [['SCHEMA_TYPE', 'Take one of: enabled, disabled.']])
})

test('P6 the fix for an ambiguous text quotes the text, unless it may be a secret', () => {
  assert.match(hintsOf('secretName: 0012345')[0]?.[1] ?? '', /^Quote it if you mean text: "0012345"\./)
  assert.deepEqual(hintsOf('podAnnotations: { password: 0o17 }')[0], ['YAML_AMBIGUOUS', 'Quote it if you mean text.'])
})
