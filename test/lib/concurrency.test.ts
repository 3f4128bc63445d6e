import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachLimited } from '../../src/lib/concurrency.ts'

test('items are worked on in order, at most as many at the same time as the limit, and results keep the order', async () => {
  const items = [0, 1, 2, 3, 4, 5, 6]
  const releases = items.map(() => Promise.withResolvers<void>())
  const begun: number[] = []
  const done = forEachLimited(items, 3, async (item) => {
    begun.push(item)
    await releases[item]?.promise
    return item * 10
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  await settle()
  assert.deepEqual(begun, [0, 1, 2])
  releases[2]?.resolve()
  await settle()
  assert.deepEqual(begun, [0, 1, 2, 3])
  for (const { resolve } of releases) resolve()
  assert.deepEqual(await done, [0, 10, 20, 30, 40, 50, 60])
  assert.deepEqual(begun, items)
})

test('no item is no work, and a failure is thrown', async () => {
  assert.deepEqual(await forEachLimited([], 4, () => assert.fail()), [])
  await assert.rejects(
    forEachLimited([1, 2], 1, async () => {
      throw new Error('failed')
    }),
    /^Error: failed$/,
  )
})
