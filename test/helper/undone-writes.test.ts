import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WriteAction } from '../../src/helper/plan/actions.ts'
import { createUndoneWrites } from '../../src/helper/writes/undone-writes.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

test('a write that a policy undid waits longer each time; a write of other content does not wait', () => {
  const clock = createFakeClock()
  const hashes: Record<string, string> = { g: 'one' }
  const undone = createUndoneWrites(
    clock,
    () => 1,
    (group) => hashes[group],
  )
  const attach: WriteAction = {
    kind: 'attach',
    namespace: 'shop',
    serviceAccount: 'a',
    precondition: { uid: 'u', resourceVersion: '1' },
    list: ['x', 'y'],
  }
  const secret: WriteAction = {
    kind: 'writeSecret',
    namespace: 'shop',
    group: 'g',
    by: 'patch',
    precondition: undefined,
    reason: 'rotated',
  }
  assert.equal(undone.pause('shop/a', attach), 0)
  assert.equal(undone.note('shop/a', attach), 1_000)
  clock.pause(400)
  assert.equal(undone.pause('shop/a', { ...attach }), 600)
  assert.equal(undone.pause('shop/a', { ...attach, list: ['x'] }), 0)
  assert.equal(undone.pause('shop/a', { ...attach, list: ['xy'] }), 0)
  assert.equal(undone.pause('shop/a', { ...attach, kind: 'detach' }), 0)
  assert.equal(undone.pause('shop/b', attach), 0)
  clock.pause(700)
  assert.equal(undone.pause('shop/a', attach), 0)
  assert.deepEqual([undone.note('shop/a', attach), undone.pause('shop/a', attach)], [4_000, 4_000])
  undone.forget('shop/a')
  assert.deepEqual([undone.pause('shop/a', attach), undone.note('shop/a', attach)], [0, 1_000])
  assert.deepEqual([undone.note('shop', secret), undone.pause('shop', secret)], [1_000, 1_000])
  hashes.g = 'two'
  assert.equal(undone.pause('shop', secret), 0)
})
