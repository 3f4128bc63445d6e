import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectUnverified, describeFact, type Unverified } from '../../src/alibaba/unverified.ts'

test('a fact in many notes is reported once, with each subject once, in the order of the list', () => {
  const notes: Unverified[] = [
    { id: 'VPC_FALLBACK', subject: 'cr-vpc.cn-x.aliyuncs.com' },
    { id: 'RAM_MATCHING', subject: 'policy b' },
    { id: 'RAM_MATCHING', subject: 'policy a' },
    { id: 'RAM_MATCHING', subject: 'policy b' },
  ]
  const facts = collectUnverified(notes)
  assert.deepEqual(
    facts.map(({ id, subjects }) => [id, subjects]),
    [
      ['RAM_MATCHING', ['policy a', 'policy b']],
      ['VPC_FALLBACK', ['cr-vpc.cn-x.aliyuncs.com']],
    ],
  )
  assert.deepEqual(collectUnverified([]), [])
})

test('a line names the first subjects and counts the rest', () => {
  const subjects = Array.from({ length: 7 }, (_, index) => `policy ${index}`)
  const line = describeFact({ id: 'RAM_MATCHING', text: 'Text.', subjects })
  assert.equal(line, 'RAM_MATCHING (policy 0, policy 1, policy 2, policy 3, policy 4 and 2 more): Text.')
})
