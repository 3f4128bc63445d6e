import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoriesProblem, splitList } from '../../src/init/check-words.ts'

test('a list is split at commas and spaces, each word once', () => {
  assert.deepEqual(splitList(' shop/*,base/alpine  shop/*\n,'), ['shop/*', 'base/alpine'])
  assert.deepEqual(splitList(' , '), [])
})

test('repositories are all, or of a namespace; the first wrong one is named', () => {
  for (const right of [['*'], ['shop/*', 'base/alpine']]) assert.equal(repositoriesProblem(right), undefined)
  assert.equal(repositoriesProblem([]), 'name at least one repository, or * for all')
  for (const wrong of ['Shop/x', 'shop', 'shop/', 'a/b/c', `shop/${'x'.repeat(200)}`]) {
    assert.equal(repositoriesProblem(['shop/*', wrong]), `"${wrong}" is not NAMESPACE/NAME, NAMESPACE/* or *`)
  }
})
