import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { globsToPattern, matchesGlobs, matchesTarget } from '../../src/values/glob.ts'

const characters = ['a', 'b', '-', '.', '0'] as const
const name = fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 12 })
const glob = fc.string({ unit: fc.constantFrom(...characters, '*'), minLength: 1, maxLength: 8 })

test('a glob matches the whole name', () => {
  const rows: readonly [string, string, boolean][] = [
    ['*', 'shop', true],
    ['shop', 'shop', true],
    ['shop', 'shop-a', false],
    ['shop-*', 'shop-', true],
    ['shop-*', 'my-shop-a', false],
    ['*-test', 'a-test', true],
    ['*-test', 'a-test-b', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['app.web', 'appxweb', false],
    ['app.*', 'app.web', true],
  ]
  for (const [pattern, subject, expected] of rows) {
    assert.equal(matchesGlobs([pattern], subject), expected, `${pattern} and ${subject}`)
  }
})

test('exclude takes precedence over include, and without an include nothing matches', () => {
  assert.equal(matchesTarget({ include: ['*'], exclude: ['kube-*'] }, 'kube-system'), false)
  assert.equal(matchesTarget({ include: ['*'], exclude: ['kube-*'] }, 'shop'), true)
  assert.equal(matchesTarget({ include: [], exclude: [] }, 'shop'), false)
})

test('the combined expression matches exactly what one of the globs matches', () => {
  fc.assert(
    fc.property(fc.array(glob, { maxLength: 4 }), name, (globs, subject) => {
      assert.equal(new RegExp(globsToPattern(globs)).test(subject), matchesGlobs(globs, subject))
    }),
  )
})

test('a glob that is made from a name by replacing a part with * matches that name', () => {
  fc.assert(
    fc.property(name, fc.nat(11), fc.nat(11), (subject, from, length) => {
      const pattern = `${subject.slice(0, from)}*${subject.slice(from + length)}`
      assert.equal(matchesGlobs([pattern], subject), true)
    }),
  )
})
