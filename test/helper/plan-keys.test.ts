import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWrite, type PlannedAction, untilOf } from '../../src/helper/plan/actions.ts'
import { formatPlanKey, parsePlanKey } from '../../src/helper/plan/plan.ts'

test('a key of the queue is a namespace, or a ServiceAccount of one, and is read back', () => {
  assert.deepEqual(parsePlanKey('shop'), { namespace: 'shop' })
  assert.deepEqual(parsePlanKey('shop/web'), { namespace: 'shop', serviceAccount: 'web' })
  for (const key of ['shop', 'shop/web', 'a/b.c']) assert.equal(formatPlanKey(parsePlanKey(key)), key)
})

test('exactly the writes of a Secret and of a list are writes, and only a wait has a time', () => {
  const precondition = { uid: 'u', resourceVersion: '1' }
  const list = { namespace: 'shop', serviceAccount: 'web', precondition, list: [] }
  const decisions: readonly (readonly [PlannedAction, boolean, number | undefined])[] = [
    [
      { kind: 'writeSecret', namespace: 'shop', group: 'g', by: 'apply', precondition, reason: 'missing' },
      true,
      undefined,
    ],
    [{ kind: 'attach', ...list }, true, undefined],
    [{ kind: 'detach', ...list }, true, undefined],
    [{ kind: 'current' }, false, undefined],
    [{ kind: 'none' }, false, undefined],
    [{ kind: 'skip', reason: 'terminating' }, false, undefined],
    [{ kind: 'wait', reason: 'conflict', until: 7 }, false, 7],
    [{ kind: 'wait', reason: 'detaching' }, false, undefined],
  ]
  for (const [decision, write, until] of decisions)
    assert.deepEqual([isWrite(decision), untilOf(decision)], [write, until], decision.kind)
})
