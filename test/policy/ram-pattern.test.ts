import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesWildcard } from '../../sandbox/cloud/ram/wildcard.ts'
import { matchesAction, matchesPattern, matchesResource, resourcesMeet } from '../../src/policy/ram-pattern.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', ':', '.'), maxLength: 12 })

test('wildcards: * matches any sequence, ? one character, everything else itself', () => {
  const toRegExp = (pattern: string): RegExp => {
    const source = pattern.replace(/[.:]/g, '\\$&').replaceAll('?', '[^]').replaceAll('*', '[^]*')
    return new RegExp(`^${source}$`)
  }
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      // A `*` in a name is an ordinary character; only the pattern has wildcards.
      assert.equal(matchesPattern(pattern, name), toRegExp(pattern).test(name))
    }),
  )
})

test('a character is one, even if it takes two units of UTF-16', () => {
  for (const matches of [matchesPattern, matchesWildcard]) {
    assert.equal(matches('😀', '😀'), true)
    assert.equal(matches('a?', 'a😀'), true)
    assert.equal(matches('a??', 'a😀'), false)
  }
})

test('a long pattern of wildcards is evaluated immediately', () => {
  for (const matches of [matchesPattern, matchesWildcard]) {
    assert.equal(matches('*a'.repeat(50), 'a'.repeat(5000)), true)
    assert.equal(matches(`${'*a'.repeat(50)}b`, 'a'.repeat(5000)), false)
  }
})

test('actions ignore case', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', 'cr:GetAuthorizationToken', true],
    ['cr:*', 'cr:GetAuthorizationToken', true],
    ['CR:get*', 'cr:GetAuthorizationToken', true],
    ['cr:GetAuthorizationToke?', 'cr:GetAuthorizationToken', true],
    ['cr:Get', 'cr:GetAuthorizationToken', false],
    ['*:Get*', 'cr:GetAuthorizationToken', true],
    ['ram:*', 'cr:GetAuthorizationToken', false],
  ]
  for (const [pattern, action, expected] of cases) assert.equal(matchesAction(pattern, action), expected, pattern)
})

test('resources compare field by field', () => {
  const repository = 'acs:cr:cn-hangzhou:1427736501988243:repository/cri-1/team/app'
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', repository, true],
    ['acs:cr:*:*:*', repository, true],
    ['acs:cr:*:*:repository/cri-1/team/*', repository, true],
    ['acs:cr:cn-hangzhou:1427736501988243:repository/cri-1/*', repository, true],
    ['acs:cr:*:*:repository/cri-1/tea/*', repository, false],
    ['acs:cr:cn-beijing:*:repository/*', repository, false],
    ['acs:cr:*:1867204395510376:repository/*', repository, false],
    // A wildcard in one field does not match into the next field.
    ['acs:cr:*:repository/*', repository, false],
    // RAM's names ignore case, and the empty region of RAM matches any region.
    ['acs:ram::1:role/KubernetesWorkerRole-A', 'acs:ram:*:1:role/kubernetesworkerrole-a', true],
    ['acs:ram:*:*:policy/acr-nopass-*', 'acs:ram:*:1:policy/acr-nopass-c1', true],
    ['acs:ram::1:role/kubernetesworkerrole-a', 'acs:ram:*:1:role/KubernetesWorkerRole-A', true],
    ['acs:cr:*:*:repository/CRI-1/*', repository, false],
    // An empty region or account matches any value. An empty product or name matches only itself.
    ['acs:cr:::repository/cri-1/*', repository, true],
    ['acs::*:*:repository/cri-1/*', repository, false],
    ['acs:cr:*:*:', repository, false],
    // Only `*` matches a text that is not an ARN, and such a text matches nothing else.
    ['acs:cr:*:*', repository, false],
    ['acs:cr:*:*', 'acs:cr:*:*', false],
    ['aws:cr:*:*:*', repository, false],
    ['acs:cr:*:*:*', repository.replace('acs', 'aws'), false],
    ['aws:cr:*:*:*', 'aws:cr:*:*:*', false],
    ['*', 'nonsense', true],
    // The request is for all resources, so a narrower pattern does not cover it.
    ['acs:cr:*:*:*', 'acs:cr:*:1:*', true],
    ['acs:cr:cn-hangzhou:*:*', 'acs:cr:*:1:*', false],
    ['acs:cr:*:*:instance/*', 'acs:cr:*:1:*', false],
  ]
  for (const [pattern, resource, expected] of cases) assert.equal(matchesResource(pattern, resource), expected, pattern)
})

test('two patterns intersect exactly if some resource matches both', () => {
  const arn = (rest: string): string => `acs:cr:cn-hangzhou:1:repository/${rest}`
  const meet = (a: string, b: string): boolean => {
    assert.equal(resourcesMeet(a, b), resourcesMeet(b, a), `${a} and ${b}`)
    return resourcesMeet(a, b)
  }
  assert.ok(meet(arn('cri-1/*'), 'acs:cr:*:*:repository/*/team/app'))
  assert.ok(meet(arn('cri-1/team/*'), arn('cri-1/*/app')))
  assert.ok(meet('*', arn('x')))
  assert.ok(meet('acs:ram::1:role/a?c', 'acs:ram:*:1:role/ab*'))
  assert.ok(!meet(arn('cri-1/team/*'), arn('cri-2/*')))
  assert.ok(!meet(arn('cri-1/*/web'), arn('cri-1/*/app')))
  assert.ok(!meet('acs:cr:cn-beijing:1:repository/*', arn('*')))
  assert.ok(!meet('nonsense', arn('*')))
  assert.ok(!meet('acs:cr:*', 'acs:cr:*'))
  assert.ok(!meet('aws:cr:*:*:*', 'aws:cr:*:*:*'))
  assert.ok(meet('*', '*'))
})
