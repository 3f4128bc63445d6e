import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readExcerpts } from '../../src/values/excerpt-line.ts'
import { explainErrors } from '../../src/values/explain.ts'
import { loadValues } from '../../src/values/load-values.ts'

const SECRET = 'SuperSecretValue1'
const explained = (text: string): string => {
  const file = { name: 'values.yaml', text }
  return explainErrors(loadValues({ files: [file] }).errors, [file])
}

for (const [title, text] of [
  [
    'the first key of a map that lacks another key',
    `registries: []\nidentity:\n  type: access-key\n  accessKey:\n    accessKeySecret: ${SECRET}\n`,
  ],
  ['a static registry that begins with its password', `registries:\n  - password: ${SECRET}\n    edition: static\n`],
  ['an identity of one key', `registries: []\nidentity: { accessKey: ${SECRET} }\n`],
  ['a typing error beside it', `registries: [{ edition: enterprize, name: a, password: ${SECRET} }] # ${SECRET}\n`],
  ['a number that parsers read differently', `registries: []\npassword: 0777\nidentity: { token: 0777 }\n`],
] as const) {
  test(`the excerpt of an error never shows a secret next to it: ${title}`, () => {
    const shown = explained(text)
    assert.notEqual(shown, '')
    assert.ok(!shown.includes(SECRET) && !shown.includes('0777'), shown)
  })
}

test('an excerpt shows keys, and the value that the error points at', () => {
  const text = 'a: &x { edition: enterprize, name: "b", list: [c, *x] } # d\n'
  assert.deepEqual(readExcerpts(text)?.(1, 18), {
    text: 'a: … { edition: enterprize, name: …, list: […, …] } …',
    column: 17,
    length: 10,
  })
})

test('what looks like a secret is not shown where the error points at it either', () => {
  assert.equal(readExcerpts('a: LTAI5tAbCdEfGhIjKlMn\n')?.(1, 4).text, 'a: …')
  assert.equal(readExcerpts('myToken: { a: hunter2 }\n')?.(1, 15).text, 'myToken: { a: … }')
})

const MARKER = 'Marker1x'
const key = fc.stringMatching(/^[a-z]{1,8}$/)
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(MARKER, `${MARKER} b`, `a: ${MARKER}`, `${MARKER}\n${MARKER}\n`, `#${MARKER}`, `'${MARKER}"`),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(key, tie('node'), { maxKeys: 3 }),
  ),
})).node

test('no line of a document, in any style, shows a value that the error does not point at', () => {
  const style = fc.record({
    collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
    defaultStringType: fc.constantFrom(
      'PLAIN' as const,
      'QUOTE_DOUBLE' as const,
      'QUOTE_SINGLE' as const,
      'BLOCK_LITERAL' as const,
    ),
    lineWidth: fc.constantFrom(0, 20, 80),
  })
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 }), style, (document, options) => {
      const text = `${stringify(document, { ...options, defaultKeyType: 'PLAIN' })}# ${MARKER}\nlast: &${MARKER} [${MARKER}]\n`
      for (const [index] of text.split('\n').entries()) {
        const shown = readExcerpts(text)?.(index + 1, 1)
        assert.ok(!shown?.text.includes(MARKER), `${shown?.text}\n${text}`)
      }
    }),
    { numRuns: 300 },
  )
})
