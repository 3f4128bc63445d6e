import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { editDistance, nearest } from '../../src/values/schema/nearest.ts'

test('the suggestion is the word that the user most likely meant', () => {
  const keys = ['instanceId', 'instanceName', 'region', 'existingSecret', 'warn', 'worker-role', 'registries']
  const meant = (word: string): string | undefined => nearest(word, keys)
  assert.deepEqual(
    ['instanceID', 'instance_id', 'regoin', 'exisitngSecret', 'warning', 'worker_role', 'WorkerRole', 'registry'].map(
      meant,
    ),
    ['instanceId', 'instanceId', 'region', 'existingSecret', 'warn', 'worker-role', 'worker-role', 'registries'],
  )
  assert.deepEqual(['banana', '', 'r', 'id'].map(meant), [undefined, undefined, undefined, undefined])
})

test('the distance is a metric of single edits: zero only for equal words, one for each edit, and symmetric', () => {
  const word = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(word, word, fc.nat(), fc.constantFrom('x', 'y'), (left, right, at, letter) => {
      assert.equal(editDistance(left, right) === 0, left === right)
      assert.equal(editDistance(left, right), editDistance(right, left))
      const index = at % (left.length + 1)
      assert.equal(editDistance(left, left.slice(0, index) + letter + left.slice(index)), 1)
      assert.ok(editDistance(left, right) <= Math.max(left.length, right.length))
    }),
  )
  assert.equal(editDistance('ab', 'ba'), 1)
})
