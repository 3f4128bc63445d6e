import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { explainErrors } from '../../src/values/explain.ts'
import { loadClusters } from '../../src/values/load-clusters.ts'
import { loadValues } from '../../src/values/load-values.ts'

const GOOD = `region: cn-hangzhou
identity: { type: worker-role, workerRole: {} }
registries:
  - name: prod
    edition: enterprise
    region: cn-hangzhou
    instanceId: cri-abc123
    repositories: [shop/a, shop/b]
`
const COLON = ['a full-width colon', 'Write `:` with a space after it.']
const COMMA = ['a full-width comma', 'Write `,` with a space after it.']
const SPACE = ['a full-width space', 'Write a plain space.']
const QUOTE = ['a typographic quote', 'Write `"` at both ends, or no quotes.']

/** [right, wrong, line, column, excerpt, what] */
const CASES = [
  ['region: cn', 'region：cn', 1, 7, 'region：…', COLON],
  ['region: cn', 'region： cn', 1, 7, 'region：…', COLON],
  ['identity: {', 'identity： {', 2, 9, 'identity：…', COLON],
  ['{ type: worker', '{ type： worker', 2, 17, '…type：…', COLON],
  ['registries:', 'registries：', 3, 11, 'registries：', COLON],
  ['- name: prod', '- name：prod', 4, 9, '  - name：…', COLON],
  ['    edition: ent', '    edition：ent', 5, 12, '    edition：…', COLON],
  ['instanceId: cri', 'instanceId：cri', 7, 15, '    instanceId：…', COLON],
  ['name: prod', 'name: “prod”', 4, 11, '  - name: “…', QUOTE],
  [
    'name: prod',
    'name: ‘prod’',
    4,
    11,
    '  - name: ‘…',
    ['a typographic quote', "Write `'` at both ends, or no quotes."],
  ],
  ['edition: ent', 'edition:　ent', 5, 13, '    edition:　…', SPACE],
  ['worker-role, worker', 'worker-role， worker', 2, 30, '…，…', COMMA],
  ['shop/a, shop/b', 'shop/a，shop/b', 8, 26, '…，…', COMMA],
] as const

for (const [right, wrong, line, column, excerpt, [what, fix]] of CASES) {
  test(`${wrong} is one error that names the character and shows its place`, () => {
    const text = GOOD.replace(right, wrong)
    assert.notEqual(text, GOOD)
    const { errors } = loadValues({ files: [{ name: 'values.yaml', text }] })
    const [character = ''] = /[：，　“‘]/.exec(wrong) ?? []
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
    const width = String(line).length
    assert.equal(
      explainErrors(errors, []),
      [
        `values.yaml:${line}:${column}: YAML_SYNTAX: \`${character}\` (U+${code}) is ${what}`,
        `  ${line} | ${excerpt}`,
        `  ${' '.repeat(width)} | ${' '.repeat(excerpt.indexOf(character))}^`,
        `  fix: ${fix}`,
      ].join('\n'),
    )
  })
}

test('two full-width colons are two errors, and an error on another line of a readable file stays', () => {
  const load = (text: string) =>
    loadValues({ files: [{ name: 'v', text }] }).errors.map(({ code, place }) => [code, place.line])
  const flow = GOOD.replace('{ type: worker-role, workerRole: {} }', '{ type： worker-role, workerRole： a }')
  assert.deepEqual(load(flow), [
    ['YAML_SYNTAX', 2],
    ['YAML_SYNTAX', 2],
  ])
  assert.deepEqual(load(flow.replace('edition: enterprise', 'edition: enterprize')), [
    ['YAML_SYNTAX', 2],
    ['YAML_SYNTAX', 2],
    ['SCHEMA_CHOICE', 5],
  ])
})

test('in a list of clusters the character is named too', () => {
  const { errors } = loadClusters({ name: 'c', text: '- name: a\n  kubeconfig：{ file: k }\n' })
  assert.deepEqual(
    errors.map(({ code, message, place }) => [code, message, place.line, place.column]),
    [['YAML_SYNTAX', '`：` (U+FF1A) is a full-width colon', 2, 13]],
  )
})

test('a full-width character in a text is not an error, and errors elsewhere do not name it', () => {
  const text = `${GOOD}podAnnotations:\n  note: 负责人：王，电话“1”　备注\n  quoted: "a：b" # 注释：，\n`
  assert.deepEqual(loadValues({ files: [{ name: 'v', text }] }).errors, [])
  const wrong = text.replace('edition: enterprise', 'edition: enterprize')
  assert.deepEqual(
    loadValues({ files: [{ name: 'v', text: wrong }] }).errors.map(({ code, place }) => [code, place.line]),
    [['SCHEMA_CHOICE', 5]],
  )
})

test('P6 whatever text holds a full-width character, no excerpt shows a word after it, and errors never disappear', () => {
  const piece = fc.constantFrom('：', '，', '　', '“', '”', ': ', '\n', '  ', '- ', '{', '}', 'key', 'SECRET', ', ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const text = `identity: { type: worker-role }\n${pieces.join('')}`
      const { errors } = loadValues({ files: [{ name: 'v', text }] })
      // Every generated file lacks registries, so every file has an error.
      assert.ok(errors.length > 0)
      for (const { excerpt } of errors) {
        if (excerpt === undefined) continue
        const after = excerpt.text.slice(excerpt.column)
        assert.ok(after === '' || after === '…', excerpt.text)
      }
    }),
    { numRuns: 500 },
  )
})
