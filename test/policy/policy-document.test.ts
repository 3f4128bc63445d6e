import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documentText, MAX_DOCUMENT, parseDocument, policyOf } from '../../src/policy/normal-form.ts'
import { chainRoles, type PolicyRegistry, policyDocument } from '../../src/policy/policy-document.ts'
import { registry } from '../acr/registry.ts'

const policyRegistry = (changes: Partial<PolicyRegistry> = {}): PolicyRegistry => ({
  ...registry(),
  repositories: ['*'],
  ...changes,
})
const instance = { scope: 'instance', accountId: '1' } as const
const statements = (registries: PolicyRegistry[], options: Parameters<typeof policyDocument>[1] = instance) =>
  policyDocument(registries, options)?.Statement
const allow = (Action: string[], ...Resource: string[]) => ({ Effect: 'Allow', Action, Resource })

test('an Enterprise instance: a token, its addresses, and pulls of the repositories that values name', () => {
  assert.deepEqual(statements([policyRegistry({ repositories: ['team/*', 'base/alpine'] })]), [
    allow(['cr:GetAuthorizationToken'], '*'),
    allow(['cr:ListInstanceEndpoint'], 'acs:cr:cn-hangzhou:1:instance/cri-1'),
    allow(
      ['cr:PullRepository'],
      'acs:cr:cn-hangzhou:1:repository/cri-1/base/alpine',
      'acs:cr:cn-hangzhou:1:repository/cri-1/team/*',
    ),
  ])
})

test('an instance by name may also be looked up', () => {
  const [tokens, addresses] = statements([policyRegistry({ instanceId: '' })]) ?? []
  assert.deepEqual(tokens, allow(['cr:GetAuthorizationToken', 'cr:ListInstance'], '*'))
  assert.deepEqual(addresses, allow(['cr:ListInstanceEndpoint'], 'acs:cr:cn-hangzhou:1:instance/*'))
})

test('the Personal Edition has no instance in its repositories', () => {
  assert.deepEqual(statements([policyRegistry({ edition: 'personal', repositories: ['*'] })]), [
    allow(['cr:GetAuthorizationToken'], '*'),
    allow(['cr:PullRepository'], 'acs:cr:cn-hangzhou:1:repository/*'),
  ])
})

test('a registry of another account needs permission to assume its first role, and nothing else here', () => {
  const assumeRole = [
    { roleArn: 'acs:ram::2:role/hop', durationSeconds: 3600 },
    { roleArn: 'acs:ram::3:role/puller', externalId: 'ext', durationSeconds: 3600 },
  ]
  const registries = [policyRegistry({ assumeRole })]
  assert.deepEqual(statements(registries), [allow(['sts:AssumeRole'], 'acs:ram::2:role/hop')])
  const [hop, puller] = chainRoles(registries, { ...instance, callerArn: 'acs:ram::1:role/worker' })
  assert.deepEqual(hop?.document.Statement, [allow(['sts:AssumeRole'], 'acs:ram::3:role/puller')])
  assert.deepEqual(hop?.trust.Statement, [
    { Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { RAM: ['acs:ram::1:role/worker'] } },
  ])
  assert.deepEqual(puller?.document.Statement[0], allow(['cr:GetAuthorizationToken'], '*'))
  assert.deepEqual(puller?.trust.Statement[0]?.Principal, { RAM: ['acs:ram::2:role/hop'] })
  assert.deepEqual(puller?.trust.Statement[0]?.Condition, { StringEquals: { 'sts:ExternalId': ['ext'] } })
})

test('clusters that share a role get the union of what each needs', () => {
  const both = statements([policyRegistry(), policyRegistry({ instanceId: 'cri-2', region: 'cn-shanghai' })])
  assert.deepEqual(both?.[0], allow(['cr:GetAuthorizationToken'], '*'))
  assert.deepEqual(
    both?.[1],
    allow(['cr:ListInstanceEndpoint'], 'acs:cr:cn-hangzhou:1:instance/cri-1', 'acs:cr:cn-shanghai:1:instance/cri-2'),
  )
})

test('scope all names no instance, and an unknown account is a wildcard', () => {
  assert.deepEqual(statements([policyRegistry()], { scope: 'all' }), [
    allow(['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'], '*'),
  ])
  assert.equal(
    statements([policyRegistry()], { scope: 'instance' })?.[1]?.Resource?.[0],
    'acs:cr:cn-hangzhou:*:instance/cri-1',
  )
})

test('static registries need no permission, so there is no policy', () => {
  assert.equal(policyDocument([policyRegistry({ edition: 'static' })], instance), undefined)
})

test('a document over 6144 bytes is rejected, counted in bytes', () => {
  const sized = (length: number, letter = 'a') =>
    policyOf([{ Effect: 'Allow', Action: 'x', Resource: letter.repeat(length) }])
  const overhead = JSON.stringify(sized(0)).length
  assert.equal(documentText(sized(MAX_DOCUMENT - overhead), 'p').length, MAX_DOCUMENT)
  assert.throws(() => documentText(sized(MAX_DOCUMENT - overhead + 1), 'p'), { code: 'POLICY_TOO_LARGE' })
  assert.throws(() => documentText(sized(MAX_DOCUMENT - overhead, 'ü'), 'p'), { code: 'POLICY_TOO_LARGE' })
})

test('an invalid document is rejected by name; a single statement counts as a list', () => {
  for (const text of ['', 'null', '{}', '{"Statement":"x"}', '{"Statement":[null]}']) {
    assert.throws(() => parseDocument(text, 'policy p'), { code: 'POLICY_UNREADABLE', message: /policy p/ })
  }
  assert.equal(parseDocument('{"Statement":{"Effect":"Allow"}}', 'p').Statement.length, 1)
})
