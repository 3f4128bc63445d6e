import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPolicy } from '../../sandbox/cloud/ram/document.ts'
import * as emulator from '../../sandbox/cloud/ram/evaluate.ts'
import type { Statement } from '../../src/policy/normal-form.ts'
import { policyDocument } from '../../src/policy/policy-document.ts'
import { evaluate, parseStatements } from '../../src/policy/ram-statement.ts'
import { lookupPolicy, MAX_SESSION_POLICY, sessionPolicy } from '../../src/policy/session-policy.ts'
import { matchesTarget } from '../../src/values/glob.ts'
import { registry } from '../acr/registry.ts'

test('a session may request a token, find the domains of its instance, and pull its repositories', () => {
  assert.deepEqual(JSON.parse(sessionPolicy(registry(), ['team-a/*', 'base/os', 'team-a/app'])), {
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: ['cr:GetAuthorizationToken'], Resource: ['*'] },
      {
        Effect: 'Allow',
        Action: ['cr:ListInstanceEndpoint'],
        Resource: ['acs:cr:cn-hangzhou:*:instance/cri-1'],
      },
      {
        Effect: 'Allow',
        Action: ['cr:PullRepository'],
        Resource: ['acs:cr:cn-hangzhou:*:repository/cri-1/base/os', 'acs:cr:cn-hangzhou:*:repository/cri-1/team-a/*'],
      },
    ],
  })
})

/**
 * Sources: https://www.alibabacloud.com/help/en/acr/user-guide/configure-access-credentials, and
 * for the creation of repositories https://www.alibabacloud.com/help/doc-detail/146303.htm. The API
 * CreateRepository is authorized on the namespace: https://help.aliyun.com/document_detail/451336.htm
 */
test('a session that pushes may also push its repositories, and create them only if it is asked to', () => {
  const statements = (access: 'pull' | 'push' | 'create', repositories = ['team-a/app']): Statement[] =>
    JSON.parse(sessionPolicy(registry(), repositories, access)).Statement
  const rights = (access: 'pull' | 'push' | 'create') =>
    statements(access).find(({ Action = [] }) => Action.includes('cr:PullRepository'))
  assert.deepEqual(rights('push'), {
    Effect: 'Allow',
    Action: ['cr:PullRepository', 'cr:PushRepository'],
    Resource: ['acs:cr:cn-hangzhou:*:repository/cri-1/team-a/app'],
  })
  assert.deepEqual(rights('pull')?.Action, ['cr:PullRepository'])
  assert.deepEqual(rights('create')?.Action, ['cr:CreateRepository', 'cr:PullRepository', 'cr:PushRepository'])
  const created = statements('create', ['team-a/app', 'team-a/web', 'base']).filter(
    ({ Action = [] }) => [Action].flat().join() === 'cr:CreateRepository',
  )
  assert.deepEqual(
    created.flatMap(({ Resource }) => Resource),
    ['acs:cr:cn-hangzhou:*:repository/cri-1/base', 'acs:cr:cn-hangzhou:*:repository/cri-1/team-a'],
  )
})

test('a session that looks up an instance may list instances and read their domains, and nothing else', () => {
  assert.deepEqual(JSON.parse(lookupPolicy('cn-hangzhou')).Statement, [
    { Effect: 'Allow', Action: ['cr:ListInstance'], Resource: ['*'] },
    { Effect: 'Allow', Action: ['cr:ListInstanceEndpoint'], Resource: ['acs:cr:cn-hangzhou:*:instance/*'] },
  ])
})

test('a session for an instance that is given by name may also look the instance up', () => {
  const { Statement } = JSON.parse(sessionPolicy({ edition: 'enterprise', region: 'cn-hangzhou' }, ['team-a/*']))
  assert.deepEqual(Statement[0].Action, ['cr:GetAuthorizationToken', 'cr:ListInstance'])
  assert.deepEqual(Statement[2].Resource, ['acs:cr:cn-hangzhou:*:repository/*/team-a/*'])
})

test('lists that match the same repositories give the same text', () => {
  assert.equal(sessionPolicy(registry(), ['b/*', 'a', 'b/x']), sessionPolicy(registry(), ['a/*', 'b/*']))
})

test('STS accepts the policy of about twenty-five repositories', () => {
  const lists = (count: number) => Array.from({ length: count }, (_, index) => `team-${index}/*`)
  const length = (count: number) =>
    sessionPolicy({ ...registry(), instanceId: 'cri-0123456789abcdef' }, lists(count)).length
  assert.ok(length(25) <= MAX_SESSION_POLICY, String(length(25)))
  assert.ok(length(40) > MAX_SESSION_POLICY, String(length(40)))
})

// Forms of globs that the vendor documents, which the emulator evaluates with certainty.
const names = ['app', 'web', 'web-a', 'os'] as const
const spaces = ['base', 'team-a', 'team-b'] as const
const repositoryName = fc.tuple(fc.constantFrom(...spaces), fc.constantFrom(...names)).map((parts) => parts.join('/'))
const glob = fc.oneof(
  repositoryName,
  fc.constantFrom(...spaces).map((space) => `${space}/*`),
  fc.constantFrom(...spaces),
  fc.constantFrom(...names).map((name) => `*/${name}`),
  fc.constantFrom('team-a/web*', 'team-b/a*', '*'),
)
const entry = fc.record({
  repositories: fc.array(glob, { minLength: 1, maxLength: 4 }),
  include: fc.subarray(['a-*', 'b-*', '*', 'a-1', 'b-1'], { minLength: 1 }),
  exclude: fc.subarray(['a-1', 'b-*']),
})
const covers = (list: string, repository: string): boolean => {
  const [space, name = '*'] = list === '*' ? ['*'] : list.split('/')
  const [ownSpace, ownName = ''] = repository.split('/')
  const fits = (part: string, own: string): boolean =>
    part.endsWith('*') ? own.startsWith(part.slice(0, -1)) : part === own
  return fits(space ?? '', ownSpace ?? '') && fits(name, ownName)
}

test('the rights of a namespace’s session are those of the role and of the entries that target it, by two evaluators', (t) => {
  const numRuns = 10_000
  const context = new Map<string, readonly string[]>()
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 5 }),
      fc.array(glob, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('a-1', 'a-2', 'b-1', 'c'),
      repositoryName,
      (entries, roleLists, namespace, repository) => {
        const targeting = entries.filter((each) => matchesTarget(each, namespace))
        const ofRole = [...roleLists].map((one) => ({ ...registry(), repositories: [one] }))
        const role = JSON.stringify(policyDocument(ofRole, { scope: 'instance', accountId: '1' }))
        const session = sessionPolicy(
          registry(),
          targeting.flatMap(({ repositories }) => repositories),
        )
        const resource = `acs:cr:cn-hangzhou:1:repository/cri-1/${repository}`
        const request = { action: 'cr:PullRepository', resource, context }
        const allowed =
          roleLists.some((one) => covers(one, repository)) &&
          targeting.some(({ repositories }) => repositories.some((one) => covers(one, repository)))
        if (targeting.length === 0) return
        const documents = [role, session]
        const byProduct = documents.map((text) => evaluate(parseStatements(text, 'policy'), request))
        const byEmulator = documents.map((text) => emulator.evaluate(readPolicy(text), request))
        assert.equal(
          byProduct.every((decision) => decision === 'allow'),
          allowed,
        )
        assert.equal(
          byEmulator.every(({ decision }) => decision === 'allow'),
          allowed,
        )
        assert.equal(
          byEmulator.every(({ lenient }) => lenient === 'allow'),
          allowed,
        )
      },
    ),
    { numRuns },
  )
  t.diagnostic(`session policies: ${numRuns} cases`)
})
