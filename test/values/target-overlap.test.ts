import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wildcardsMeet } from '../../src/lib/wildcards.ts'
import { targetsOverlap } from '../../src/values/checks/check-domains.ts'
import { matchesGlobs, matchesTarget } from '../../src/values/glob.ts'

const glob = fc.stringMatching(/^[ab*]{1,4}$/)
const globs = fc.array(glob, { maxLength: 2 })
// Returns every name that could distinguish these globs.
const grow = (name: string): string[] => (name.length === 6 ? [name] : [name, ...grow(`${name}a`), ...grow(`${name}b`)])
const names = ['a', 'b'].flatMap(grow)

test('two globs intersect exactly if some name matches both', () => {
  fc.assert(
    fc.property(glob, glob, (left, right) => {
      const name = names.find((each) => matchesGlobs([left], each) && matchesGlobs([right], each))
      assert.equal(wildcardsMeet(left, right), name !== undefined, `${left} ${right} ${name}`)
    }),
    { numRuns: 3000 },
  )
})

test('targets that share a namespace always count as overlapping', () => {
  const target = fc.record({ include: globs, exclude: globs, labels: fc.constant({}) })
  fc.assert(
    fc.property(target, target, (left, right) => {
      const shared = names.find((name) => matchesTarget(left, name) && matchesTarget(right, name))
      if (shared !== undefined) assert.ok(targetsOverlap(left, right), shared)
    }),
    { numRuns: 3000 },
  )
})

test('targets with different values of one label do not overlap', () => {
  const all = { include: ['*'], exclude: [] }
  assert.equal(targetsOverlap({ ...all, labels: { team: 'a' } }, { ...all, labels: { team: 'b' } }), false)
  assert.equal(targetsOverlap({ ...all, labels: { team: 'a' } }, { ...all, labels: { tier: 'b' } }), true)
})

test('an exclude that covers the whole intersection keeps targets apart', () => {
  const target = (include: string[], exclude: string[]): Parameters<typeof targetsOverlap>[0] => ({
    include,
    exclude,
    labels: {},
  })
  assert.equal(targetsOverlap(target(['*'], ['shop-*']), target(['shop-a'], [])), false)
  assert.equal(targetsOverlap(target(['*'], ['shop-*']), target(['shop-a', 'web'], [])), true)
})
