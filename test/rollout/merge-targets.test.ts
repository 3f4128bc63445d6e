import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'
import { mergeTargets } from '../../src/rollout/ram/merge-targets.ts'

const trusting = (caller: string) => ({ Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { RAM: [caller] } })

/** What one cluster knows of a role that all clusters share. */
function shared(clusters: readonly string[], key: string, changes: Partial<SharedTarget['target']> = {}): SharedTarget {
  const target = {
    policyName: 'p',
    document: undefined,
    purpose: 'test',
    roles: [],
    members: [key],
    trust: { role: 'r', statements: [trusting(key)], create: true, alternatives: [] },
    adopt: false,
    phase: 'widen',
    ...changes,
  } as const
  return { clusters, accountId: '1', target }
}

test('a shared role trusts the callers of every cluster of the run, and records all of them', () => {
  const [a, b] = [shared(['a', 'b'], 'kb'), shared(['a', 'b'], 'ka')]
  const targets = new Map([
    ['a', [a, shared(['a'], 'other', { policyName: 'q' })]],
    ['b', [b]],
  ])
  assert.deepEqual(mergeTargets(a, targets), {
    members: ['ka', 'kb'],
    trust: { role: 'r', statements: [trusting('ka'), trusting('kb')], create: true, alternatives: undefined },
  })
})

test('P2 as long as one of its clusters was not reached, a shared role loses no trust', () => {
  const a = shared(['a', 'b'], 'ka')
  const other = shared(['b'], 'kb', { policyName: 'q' })
  for (const targets of [
    new Map([['a', [a]]]),
    new Map([
      ['a', [a]],
      ['b', [other]],
    ]),
  ]) {
    const { members, trust } = mergeTargets(a, targets)
    assert.deepEqual([members, trust?.statements, trust?.alternatives], [['ka'], [trusting('ka')], []])
  }
})

test('a policy of one cluster is not merged, and a shared policy without a trust gets none', () => {
  const own = shared(['a'], 'ka', { members: undefined })
  assert.deepEqual(mergeTargets(own, new Map([['a', [own]]])), {})
  const plain = shared(['a'], 'ka', { trust: undefined })
  assert.deepEqual(mergeTargets(plain, new Map([['a', [plain]]])), { members: ['ka'] })
})
