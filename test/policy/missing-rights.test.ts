import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { missingRamRights } from '../../src/policy/missing-rights.ts'
import { policyOf } from '../../src/policy/normal-form.ts'
import { type PolicyRegistry, policyDocument } from '../../src/policy/policy-document.ts'

const REGISTRY: PolicyRegistry = {
  edition: 'enterprise',
  instanceId: 'cri-1',
  region: 'cn-hangzhou',
  repositories: ['*'],
  assumeRole: [],
}
const required = (change: Partial<PolicyRegistry> = {}) => {
  const document = policyDocument([{ ...REGISTRY, ...change }], { scope: 'instance', accountId: '1' })
  assert.ok(document)
  return document
}
const lacks = (statements: readonly object[], change: Partial<PolicyRegistry> = {}): readonly string[] => {
  const text = JSON.stringify({ Version: '1', Statement: statements })
  return missingRamRights(required(change), [text], '1').missing.map(
    ({ action, resource, denied, partly }) =>
      `${action} ${resource}${denied ? ' denied' : ''}${partly ? ' partly' : ''}`,
  )
}
const allow = (Action: string | readonly string[], Resource: string = '*', more: object = {}): object => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})
const REPOSITORIES = 'acs:cr:cn-hangzhou:1:repository/cri-1/*'

test('our own policy, and any wider one, is enough', () => {
  assert.deepEqual(missingRamRights(required(), [JSON.stringify(required())], '1'), {
    missing: [],
    likelyGranted: false,
  })
  for (const enough of [allow('*'), allow('cr:*'), allow(['cr:Get*', 'cr:List*', 'cr:PullRepository'])]) {
    assert.deepEqual(lacks([enough]), [])
  }
  assert.deepEqual(lacks([allow(['cr:*'], 'acs:cr:*:1:*')]), [])
})

test('missing permissions are named, action by action', () => {
  const rest = ['cr:GetAuthorizationToken *', 'cr:ListInstanceEndpoint acs:cr:cn-hangzhou:1:instance/cri-1']
  assert.deepEqual(lacks([allow('cr:PullRepository')]).toSorted(), rest)
  assert.equal(missingRamRights(required(), [], '1').missing.length, 3)
  assert.deepEqual(lacks([allow(['cr:Get*', 'cr:List*'])]), [`cr:PullRepository ${REPOSITORIES}`])
})

test('access to some of the repositories is distinguished from none, also across wildcards', () => {
  const pull = (resource: string) => lacks([allow(['cr:Get*', 'cr:List*']), allow('cr:PullRepository', resource)])
  assert.deepEqual(pull('acs:cr:*:*:repository/*/team/*'), [`cr:PullRepository ${REPOSITORIES} partly`])
  const none = [`cr:PullRepository ${REPOSITORIES}`]
  assert.deepEqual(pull('acs:cr:*:*:repository/cri-2/*'), none)
  const rest = allow(['cr:Get*', 'cr:List*'])
  const some = ['acs:cr:*:*:repository/cri-2/*', 'acs:cr:*:*:repository/cri-1/team/*']
  assert.deepEqual(lacks([rest, { ...allow(['cr:Push*', 'cr:Pull*']), Resource: some }]), [`${none[0]} partly`])
  const within = 'acs:cr:*:*:repository/cri-1/team/*'
  assert.deepEqual(lacks([rest, { Effect: 'Deny', Action: 'cr:Pull*', Resource: within }]), none)
  assert.deepEqual(lacks([rest, { Effect: 'Allow', NotAction: 'cr:Pull*', Resource: within }]), none)
  assert.deepEqual(lacks([rest, { Effect: 'Allow', Action: 'cr:Pull*', NotResource: REPOSITORIES }]), none)
})

test('a Deny wins unless it is conditional; a conditional Allow counts', () => {
  const deny = { Effect: 'Deny', Action: 'cr:Pull*', Resource: '*' }
  const where = { Condition: { IpAddress: { 'acs:SourceIp': '203.0.113.0/24' } } }
  assert.deepEqual(lacks([allow('*'), deny]), [`cr:PullRepository ${REPOSITORIES} denied partly`])
  assert.deepEqual(lacks([allow('*'), { ...deny, ...where }]), [])
  assert.deepEqual(lacks([allow('*', '*', where)]), [])
})

test('an instance by name requires the list of instances, which is a separate resource', () => {
  const byName = { instanceId: '' }
  const most = allow(['cr:Get*', 'cr:ListInstanceEndpoint', 'cr:PullRepository'])
  assert.deepEqual(lacks([most], byName), ['cr:ListInstance *'])
  assert.deepEqual(lacks([most, allow('cr:ListInstance', 'acs:cr:*:*:instance/*')], byName), [])
})

test('a chain requires its first role, with either notation of its ARN', () => {
  const chain = { assumeRole: [{ roleArn: 'acs:ram::2:role/Target', durationSeconds: 3600 }] }
  assert.deepEqual(lacks([], chain), ['sts:AssumeRole acs:ram::2:role/Target'])
  assert.deepEqual(lacks([allow('sts:AssumeRole', 'acs:ram:*:2:role/target')], chain), [])
  assert.deepEqual(lacks([allow('sts:AssumeRole', 'acs:ram:*:3:role/target')], chain), [
    'sts:AssumeRole acs:ram::2:role/Target',
  ])
})

test('the policy that is generated from values is always enough for them', () => {
  const name = fc.constantFrom('team', 'team/app', 'team/*', '*', 'a*/b')
  const registry = fc.record({
    edition: fc.constantFrom('enterprise' as const, 'personal' as const),
    instanceId: fc.constantFrom('cri-1', 'cri-2', ''),
    region: fc.constantFrom('cn-hangzhou', 'cn-beijing'),
    repositories: fc.array(name, { minLength: 1, maxLength: 3 }),
    assumeRole: fc.array(fc.constant({ roleArn: 'acs:ram::2:role/target', durationSeconds: 3600 }), { maxLength: 1 }),
  })
  fc.assert(
    fc.property(fc.array(registry, { minLength: 1, maxLength: 4 }), (registries) => {
      for (const scope of ['instance', 'all'] as const) {
        const own = policyDocument(registries, { scope, accountId: '1' }) ?? policyOf([])
        assert.deepEqual(missingRamRights(own, [JSON.stringify(own)], '1').missing, [])
      }
    }),
  )
})
