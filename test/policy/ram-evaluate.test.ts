import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AccessRequest,
  applies,
  evaluate,
  parseStatements,
  type RamStatement,
} from '../../src/policy/ram-statement.ts'

const statements = (...list: readonly object[]): readonly RamStatement[] =>
  parseStatements(JSON.stringify({ Version: '1', Statement: list }), 'policy')
const request = (action: string, resource: string, context: Record<string, string> = {}): AccessRequest => ({
  action,
  resource,
  context: new Map(Object.entries(context).map(([key, value]) => [key, [value]])),
})
const pull = request('cr:PullRepository', 'acs:cr:cn-hangzhou:1:repository/cri-1/team/app')

test('without a matching statement the result is an implicit deny, an Allow allows, a Deny wins over it', () => {
  const allow = { Effect: 'Allow', Action: 'cr:*', Resource: '*' }
  const cases: readonly (readonly [string, readonly object[], string])[] = [
    ['no statement', [], 'implicit-deny'],
    ['an Allow', [allow], 'allow'],
    ['an Allow of something else', [{ ...allow, Action: 'ram:*' }], 'implicit-deny'],
    ['an Allow of another resource', [{ ...allow, Resource: 'acs:cr:*:*:repository/cri-2/*' }], 'implicit-deny'],
    ['Deny after Allow', [allow, { ...allow, Effect: 'Deny' }], 'explicit-deny'],
    ['Deny before Allow', [{ ...allow, Effect: 'Deny' }, allow], 'explicit-deny'],
    ['Deny alone', [{ ...allow, Effect: 'Deny' }], 'explicit-deny'],
    ['Deny of something else', [allow, { ...allow, Effect: 'Deny', Action: 'cr:Push*' }], 'allow'],
    ['NotAction', [{ Effect: 'Allow', NotAction: 'cr:Push*', Resource: '*' }], 'allow'],
    ['NotAction that names it', [{ Effect: 'Allow', NotAction: 'cr:Pull*', Resource: '*' }], 'implicit-deny'],
    ['NotResource', [{ Effect: 'Deny', Action: '*', NotResource: 'acs:cr:*:*:repository/cri-1/*' }, allow], 'allow'],
    ['a condition that fails', [{ ...allow, Condition: { Bool: { 'acs:SecureTransport': 'true' } } }], 'implicit-deny'],
  ]
  for (const [name, list, expected] of cases) assert.equal(evaluate(statements(...list), pull), expected, name)
  const secure = request(pull.action, pull.resource, { 'acs:securetransport': 'true' })
  const conditional = statements({ ...allow, Condition: { Bool: { 'acs:SecureTransport': true } } })
  assert.equal(evaluate(conditional, secure), 'allow')
})

const anyStatement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Action: fc.uniqueArray(fc.constantFrom('*', 'cr:*', 'cr:Pull*', 'cr:PullRepository', 'cr:Push*', 'ram:*'), {
    minLength: 1,
  }),
  Resource: fc.constantFrom(
    '*',
    'acs:cr:*:*:*',
    'acs:cr:*:*:repository/cri-1/*',
    'acs:cr:*:*:repository/cri-1/team/app',
    'acs:cr:cn-beijing:*:*',
  ),
})
const anyPolicy = fc.array(anyStatement, { maxLength: 6 })
const anyRequest = fc.constantFrom(
  pull,
  request('cr:PushRepository', 'acs:cr:cn-hangzhou:1:repository/cri-1/team/app'),
  request('cr:PullRepository', 'acs:cr:cn-beijing:1:repository/cri-2/a/b'),
  request('ram:GetRole', 'acs:ram:*:1:role/x'),
)

test('a matching Deny wins, whatever the other statements are', () => {
  fc.assert(
    fc.property(anyPolicy, anyRequest, (policy, call) => {
      const list = statements(...policy)
      const denied = list.some((item) => item.effect === 'Deny' && applies(item, call))
      assert.equal(evaluate(list, call) === 'explicit-deny', denied)
      const denyAll = statements(...policy, { Effect: 'Deny', Action: '*', Resource: '*' })
      assert.equal(evaluate(denyAll, call), 'explicit-deny')
    }),
  )
})

test('the order of statements does not matter, nor how they are split into policies', () => {
  const shuffled = anyPolicy.chain((policy) =>
    fc.tuple(fc.constant(policy), fc.shuffledSubarray(policy, { minLength: policy.length })),
  )
  fc.assert(
    fc.property(shuffled, anyRequest, ([policy, other], call) => {
      assert.equal(evaluate(statements(...policy), call), evaluate(statements(...other), call))
    }),
  )
})

test('another Allow never removes a permission, another Deny never grants one', () => {
  fc.assert(
    fc.property(anyPolicy, anyStatement, anyRequest, (policy, extra, call) => {
      const [before, after] = [evaluate(statements(...policy), call), evaluate(statements(...policy, extra), call)]
      if (extra.Effect === 'Allow' && before === 'allow') assert.equal(after, 'allow')
      if (extra.Effect === 'Deny' && before !== 'allow') assert.notEqual(after, 'allow')
    }),
  )
})
