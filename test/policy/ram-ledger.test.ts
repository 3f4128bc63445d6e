import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyOf } from '../../src/policy/normal-form.ts'
import type { PolicyStep } from '../../src/policy/policy-target.ts'
import { createLedger, isRemoval, removesPermission } from '../../src/policy/ram-ledger.ts'

const pull = (...Resource: string[]) => policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource }])
/** The step from the document that a read shows to the wanted document. */
const update = (before: string, after: string, version = 'v1'): PolicyStep => {
  return { do: 'update-policy', policy: 'p', version, before: pull(before), after: pull(after) }
}
const trust = (before: string, after: string): PolicyStep => {
  return { do: 'update-trust', role: 'r', before: pull(before), after: pull(after) }
}
const ATTACH: PolicyStep = { do: 'attach', policy: 'p', role: 'r' }

// CreatePolicyVersion returns the ID of the new version: v1, v2, …
// (https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createpolicyversion).
const AFTER_OUR_WRITE: readonly (readonly [
  what: string,
  read: PolicyStep,
  verdict: 'late' | 'foreign' | 'new',
  version?: string,
])[] = [
  ['the document from before our write', update('old', 'ours', 'v1'), 'late', 'v2'],
  ['our document, of which more is wanted now', update('ours', 'more', 'v2'), 'new', 'v2'],
  ['the document from before our write, in a later version', update('old', 'ours', 'v3'), 'foreign', 'v2'],
  ['our document in a later version', update('ours', 'more', 'v10'), 'foreign', 'v2'],
  ['the old document in a version without a number', update('old', 'ours', 'latest'), 'late', 'v2'],
  ['the old document in a later version, when RAM did not say which is ours', update('old', 'ours', 'v3'), 'late'],
  ['the old document, when ours has no number', update('old', 'ours', 'v3'), 'late', 'v2-beta'],
  ['a document that nobody here wrote', update('theirs', 'ours', 'v2'), 'foreign', 'v2'],
]
for (const [what, read, verdict, version] of AFTER_OUR_WRITE) {
  test(`after our write a read shows ${what}: ${verdict}`, () => {
    const ledger = createLedger()
    ledger.accept(update('old', 'ours', 'v1'), version)
    assert.deepEqual(
      { late: ledger.isLate(read), foreign: ledger.isForeign(read) },
      { late: verdict === 'late', foreign: verdict === 'foreign' },
    )
  })
}

test('a trust policy has no versions: only its documents tell what a read shows', () => {
  const ledger = createLedger()
  assert.equal(ledger.isForeign(trust('theirs', 'ours')), false)
  ledger.accept(trust('old', 'ours'))
  assert.deepEqual([ledger.isLate(trust('old', 'ours')), ledger.isForeign(trust('old', 'ours'))], [true, false])
  assert.deepEqual([ledger.isLate(trust('theirs', 'ours')), ledger.isForeign(trust('theirs', 'ours'))], [false, true])
})

test('after two writes, both documents may still be read, and the version is that of the later write', () => {
  const ledger = createLedger()
  ledger.accept(update('old', 'ours', 'v1'), 'v2')
  ledger.accept(update('ours', 'more', 'v2'), 'v3')
  assert.equal(ledger.isLate(update('old', 'more', 'v1')), true)
  assert.equal(ledger.isLate(update('ours', 'more', 'v3')), true)
  assert.equal(ledger.isForeign(update('ours', 'more', 'v4')), true)
})

test('steps without a document are late as long as a read does not show them', () => {
  const ledger = createLedger()
  assert.equal(ledger.isLate(ATTACH), false)
  ledger.accept(ATTACH)
  assert.deepEqual([ledger.isLate(ATTACH), ledger.isForeign(ATTACH)], [true, false])
  assert.equal(ledger.isLate({ ...ATTACH, role: 'other' }), false)
  assert.equal(ledger.isLate({ ...ATTACH, policy: 'other' }), false)
  assert.equal(ledger.isLate({ ...ATTACH, do: 'detach' }), false)
  const members = (...names: string[]): PolicyStep => ({ do: 'record-members', policy: 'p', members: names })
  ledger.find(members('c1', 'c2'))
  assert.deepEqual(
    [members('c1', 'c2'), members('c1', 'c3'), members('c1c2')].map((step) => ledger.isLate(step)),
    [true, false, false],
  )
})

test('a write without a response counts as done once a read no longer requires it, and only once', () => {
  const ledger = createLedger()
  ledger.lose(ATTACH)
  ledger.lose(update('old', 'ours'))
  assert.deepEqual(ledger.unanswered(), [ATTACH, update('old', 'ours')])
  assert.deepEqual(ledger.takeSeen([ATTACH]), [update('old', 'ours')])
  assert.deepEqual(ledger.takeSeen([ATTACH]), [])
  assert.deepEqual(ledger.unanswered(), [ATTACH])
  ledger.accept(ATTACH)
  assert.deepEqual([ledger.unanswered(), ledger.takeSeen([])], [[], []])
})

const STEPS: readonly (readonly [step: PolicyStep, takesAway: boolean, isRemoval: boolean])[] = [
  [ATTACH, false, false],
  [{ ...ATTACH, do: 'detach' }, true, true],
  [{ do: 'delete-policy', policy: 'p', before: pull('a') }, true, true],
  [{ do: 'delete-role', role: 'r' }, true, true],
  [{ do: 'create-policy', policy: 'p', document: pull('a') }, false, false],
  [{ do: 'update-policy', policy: 'p', version: 'v1', before: pull('a'), after: pull('a', 'b') }, false, false],
  [{ do: 'update-policy', policy: 'p', version: 'v1', before: pull('a', 'b'), after: pull('b') }, true, false],
]
test('a step takes a permission away if it removes an object or narrows a document', () => {
  assert.deepEqual(
    STEPS.map(([step]) => [removesPermission(step), isRemoval(step)]),
    STEPS.map(([, ...expected]) => expected),
  )
})
