import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Condition, conditionsHold, isConditionOperator } from '../../src/policy/ram-condition.ts'

const holds = (operator: string, expected: readonly string[], given: readonly string[] | undefined): boolean => {
  const [, prefix, name = ''] = /^(?:(ForAnyValue|ForAllValues):)?(.+)$/.exec(operator) ?? []
  const quantifier = prefix as Condition['quantifier']
  const context = new Map(given === undefined ? [] : [['k', given] as const])
  return conditionsHold([{ quantifier, operator: name, key: 'K', values: expected }], context)
}

test('each operator compares as its name says', () => {
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', 'a*', 'ab', false],
    ['StringNotEquals', 'a', 'b', true],
    ['StringEqualsIgnoreCase', 'a', 'A', true],
    ['StringNotEqualsIgnoreCase', 'a', 'A', false],
    ['StringLike', 'repo:acme@*/platform@*:*', 'repo:acme@1/platform@2:ref:refs/heads/main', true],
    ['StringLike', 'repo:acme/*', 'repo:mallory/acme/', false],
    ['StringNotLike', 'a*', 'ab', false],
    ['NumericEquals', '1', '1.0', true],
    ['NumericNotEquals', '1', '2', true],
    ['NumericLessThan', '2', '1', true],
    ['NumericLessThanEquals', '1', '1', true],
    ['NumericGreaterThan', '1', '1', false],
    ['NumericGreaterThanEquals', '1', '1', true],
    ['DateEquals', '2026-11-25T10:00:00Z', '2026-11-25T10:00:00Z', true],
    ['DateNotEquals', '2026-11-25T10:00:00Z', '2026-11-25T10:00:01Z', true],
    ['DateLessThan', '2026-11-25T10:00:00Z', '2026-11-25T09:59:59Z', true],
    ['DateLessThanEquals', '2026-11-25T10:00:00Z', '2026-11-25T10:00:00Z', true],
    ['DateGreaterThan', '2026-11-25T10:00:00Z', '2026-11-25T10:00:00Z', false],
    ['DateGreaterThanEquals', '2026-11-25T10:00:00Z', '2026-11-25T10:00:00Z', true],
    ['NumericNotEquals', '1', '1', false],
    ['NumericLessThan', '2', '2', false],
    ['NumericLessThanEquals', '1', '2', false],
    ['NumericGreaterThan', '1', '2', true],
    ['NumericGreaterThanEquals', '2', '1', false],
    ['DateLessThanEquals', '2026-11-25T10:00:00Z', '2026-11-25T10:00:01Z', false],
    ['DateGreaterThan', '2026-11-25T10:00:00Z', '2026-11-25T10:00:01Z', true],
    ['DateGreaterThanEquals', '2026-11-25T10:00:00Z', '2026-11-25T09:59:59Z', false],
    ['IpAddress', '10.0.0.1', '10.0.0.1', true],
    ['IpAddress', '10.0.0.0/32', '10.0.0.0', true],
    ['IpAddress', 'fd00::/128', 'fd00::', true],
    ['IpAddress', 'office', 'fd00::1', false],
    ['IpAddress', 'office/8', '10.0.0.1', false],
    ['IpAddress', '10.0.0.0/8', 'office', false],
    ['Bool', 'true', 'True', true],
    ['Bool', 'true', 'false', false],
    ['IpAddress', '10.0.0.0/8', '10.1.2.3', true],
    ['IpAddress', '10.0.0.1', '10.0.0.2', false],
    ['IpAddress', 'fd00::/8', 'fd00::1', true],
    ['IpAddress', '10.0.0.0/8', 'fd00::1', false],
    ['NotIpAddress', '10.0.0.0/8', '11.0.0.1', true],
    ['NumericEquals', '1', 'one', false],
    ['StringEquals', '', '', true],
    // A condition with an operator that RAM does not document never holds.
    ['StringMatches', 'a', 'a', false],
    // An invalid prefix length must not throw.
    ['IpAddress', '10.0.0.0/33', '10.0.0.1', false],
    ['IpAddress', 'fd00::/129', 'fd00::1', false],
    ['IpAddress', '10.0.0.0/8/8', '10.0.0.1', false],
    ['NotIpAddress', '10.0.0.0/', '10.0.0.1', true],
  ]
  for (const [operator, expected, given, result] of cases) {
    assert.equal(holds(operator, [expected], [given]), result, `${given} ${operator} ${expected}`)
  }
})

test('one of several values is enough; a negated operator requires that none matches', () => {
  assert.equal(holds('StringEquals', ['a', 'b'], ['b']), true)
  assert.equal(holds('StringNotEquals', ['a', 'b'], ['b']), false)
  assert.equal(holds('StringNotEquals', ['a', 'b'], ['c']), true)
})

test('a key that the request lacks fails, except for a negated operator', () => {
  assert.equal(holds('StringEquals', ['a'], undefined), false)
  assert.equal(holds('StringNotEquals', ['a'], undefined), true)
  assert.equal(holds('Bool', ['false'], undefined), false)
  assert.equal(holds('ForAnyValue:StringEquals', ['a'], undefined), false)
})

test('several given values: any by default and for ForAnyValue, each for ForAllValues', () => {
  assert.equal(holds('ForAnyValue:StringEquals', ['a'], ['a', 'x']), true)
  assert.equal(holds('ForAllValues:StringEquals', ['a'], ['a', 'x']), false)
  assert.equal(holds('ForAllValues:StringLike', ['a*', 'x'], ['ab', 'x']), true)
  assert.equal(holds('StringNotEquals', ['a'], ['a', 'x']), false)
})

test('an operator and its negation never agree about a request that has the key', () => {
  const value = fc.constantFrom('a', 'b', '1', '2026-01-01T00:00:00Z', '10.0.0.1')
  const pair = fc.constantFrom(
    ['StringEquals', 'StringNotEquals'],
    ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
    ['StringLike', 'StringNotLike'],
    ['NumericEquals', 'NumericNotEquals'],
    ['DateEquals', 'DateNotEquals'],
    ['IpAddress', 'NotIpAddress'],
  )
  fc.assert(
    fc.property(pair, fc.array(value, { minLength: 1 }), value, ([yes = '', no = ''], expected, given) => {
      assert.notEqual(holds(yes, expected, [given]), holds(no, expected, [given]))
    }),
  )
})

test('all conditions of a statement must hold, and unknown operators are recognized as such', () => {
  const condition = (key: string, value: string): Condition => {
    return { quantifier: undefined, operator: 'StringEquals', key, values: [value] }
  }
  const context = new Map([
    ['oidc:iss', ['i']],
    ['oidc:sub', ['s']],
  ])
  assert.equal(conditionsHold([condition('oidc:iss', 'i'), condition('OIDC:Sub', 's')], context), true)
  assert.equal(conditionsHold([condition('oidc:iss', 'i'), condition('oidc:sub', 'x')], context), false)
  assert.equal(conditionsHold([], context), true)
  assert.deepEqual([isConditionOperator('StringLike'), isConditionOperator('StringIs')], [true, false])
})
