import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findCommentProblems } from '../../scripts/check/comments.ts'

const problems = (source: string) => findCommentProblems(new Map([['a.ts', source]]))
const long = 'word '.repeat(20)

test('a comment of more than 100 columns is reported with its line; code, links and directives may be longer', () => {
  assert.deepEqual(problems(`const a = 1\n// ${long}x\n`), ['a.ts:2: a comment of 104 columns; wrap it at 100'])
  assert.deepEqual(problems(` * ${long}x\n`), ['a.ts:1: a comment of 104 columns; wrap it at 100'])
  assert.deepEqual(problems(`const a = '${long}${long}'\n`), [])
  assert.deepEqual(problems(`// https://example.com/${'a'.repeat(90)}\n`), [])
  assert.deepEqual(problems(`// biome-ignore lint/x: ${long}\n// @ts-expect-error: ${long}\n`), [])
})

test('a title with a code that nothing defines is reported; the numbers of promises are defined', () => {
  const title = (text: string) => `${'test'}('${text}', () => {})\n`
  assert.deepEqual(problems(`\n${title('H3 the other waits')}`), [
    'a.ts:2: the title begins with H3, which nothing defines; say what is promised',
  ])
  assert.equal(problems(title('AB12 the other waits')).length, 1)
  assert.deepEqual(problems(title('P7 a refresh is one write')), [])
})
