import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { includesRepository, isDocumentedPath, mergeRepositories } from '../../src/values/repositories.ts'

const rows: readonly (readonly [why: string, globs: readonly string[], merged: readonly string[]])[] = [
  ['a list is sorted, and each glob is there once', ['b/x', 'a/x', 'b/x'], ['a/x', 'b/x']],
  ['a namespace covers its repositories', ['shop/*', 'shop/web', 'base/os'], ['base/os', 'shop/*']],
  ['`*` covers everything', ['shop/*', '*', 'base/os', 'x*y/z'], ['*']],
  ['a prefix covers longer names and longer prefixes', ['shop/web-*', 'shop/web-a', 'shop/web-a*'], ['shop/web-*']],
  ['a prefix does not cover the name before it', ['shop/web-*', 'shop/web'], ['shop/web', 'shop/web-*']],
  ['a whole segment covers names of that segment', ['*/app', 'team-a/app', 'team-a/web'], ['*/app', 'team-a/web']],
  ['a name without `/` is a whole namespace', ['shop', 'shop/web'], ['shop/*']],
  ['several `*` are one', ['shop/**', 'shop/*'], ['shop/*']],
  // The vendor's pages do not say what a `*` within a segment matches.
  ['a glob in an undocumented form covers nothing', ['t*m/app', 'team/app'], ['t*m/app', 'team/app']],
  ['a glob in an undocumented form is covered', ['*/app', 't*m/app'], ['*/app']],
]
for (const [why, globs, merged] of rows) {
  test(`a list of repositories has a normal form: ${why}`, () => assert.deepEqual(mergeRepositories(globs), merged))
}

const segment = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), minLength: 1, maxLength: 3 })
const repository = fc.tuple(segment, segment).map((parts) => parts.join('/'))
const globSegment = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), minLength: 1, maxLength: 4 })
const glob = fc.oneof(
  { weight: 1, arbitrary: fc.constant('*') },
  { weight: 3, arbitrary: globSegment },
  { weight: 9, arbitrary: fc.tuple(globSegment, globSegment).map((parts) => parts.join('/')) },
)
const list = fc.array(glob, { minLength: 1, maxLength: 5 })
// A separate implementation of globs that shares no code with the implementation under test.
const matches = (text: string, name: string): boolean => {
  const [first = '', ...rest] = text
  if (first === '') return name === ''
  if (first === '*') return matches(rest.join(''), name) || (name !== '' && matches(text, name.slice(1)))
  return name.startsWith(first) && matches(rest.join(''), name.slice(1))
}
const whole = (text: string): string => (text.includes('/') || /^\*+$/.test(text) ? text : `${text}/*`)

test('the normal form of random lists matches the same repositories, in any order and however often it is formed', () => {
  fc.assert(
    fc.property(list, list, repository, (left, right, name) => {
      const merged = mergeRepositories([...left, ...right])
      const expected = [...left, ...right].some((one) => matches(whole(one), name))
      assert.equal(includesRepository(merged, name), expected)
      assert.equal(includesRepository([...left, ...right], name), expected)
      assert.deepEqual(mergeRepositories([...right, ...left]), merged)
      assert.deepEqual(mergeRepositories(merged), merged)
      assert.deepEqual(mergeRepositories([...mergeRepositories(left), ...right]), merged)
    }),
    { numRuns: 5000 },
  )
})

test('documented forms of a path are literal text, whole segments, and `*` at the end', () => {
  for (const path of ['*', 'a/b', 'a/*', '*/b', 'a/b*', '*/b*']) assert.equal(isDocumentedPath(path), true, path)
  for (const path of ['a*/b', 'a*b', 'a/*b', 'a/b?', 'a/b**']) assert.equal(isDocumentedPath(path), false, path)
})
