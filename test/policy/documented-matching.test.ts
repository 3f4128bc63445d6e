import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isDocumentedPattern, judgeRequest, undocumentedMatching } from '../../src/policy/missing-rights.ts'
import { policyOf } from '../../src/policy/normal-form.ts'
import { evaluate, parseStatements } from '../../src/policy/ram-statement.ts'

const REPOSITORY = 'acs:cr:cn-hangzhou:1:repository/cri-1/team/app'

// First, patterns that the vendor's own pages and policies use. Second, patterns that none of them
// uses.
const documented = [
  '*',
  'acs:cr:*:*:*',
  'acs:oss:*:*:mybucket/*', // help/en/ram/policy-elements, Resource
  'acs:log:*:*:project/*/logstore/mse_*', // policy of the service-linked role of MSE
  'acs:ram::*:role/aliyunserviceroleforslsaudit', // policy of the service-linked role of MSE
  'acs:cr:cn-hangzhou:1:repository/cri-1/team/app',
]
const undocumented = [
  'acs:cr:*:*:repository/cri-1/te?m/*',
  'acs:cr:*:*:repository/cri-1/a*b/app',
  'acs:cr:cn-*:1:repository/cri-1/*',
  'acs:cr::1:repository/cri-1/*',
  'acs:ram:cn-*:1:role/r',
  'acs:cr:*::repository/cri-1/*',
]

test('documented patterns of resources are recognized', () => {
  for (const pattern of documented) assert.equal(isDocumentedPattern(pattern), true, pattern)
  for (const pattern of undocumented) assert.equal(isDocumentedPattern(pattern), false, pattern)
})

const allow = (Resource: string, more: object = {}) => ({ Effect: 'Allow', Action: 'cr:*', Resource, ...more })
const statements = (...list: object[]) => parseStatements(JSON.stringify({ Version: '1', Statement: list }), 'policy')
const REQUEST = { action: 'cr:PullRepository', resource: REPOSITORY, context: new Map<string, readonly string[]>() }
const verdict = (...list: object[]): string => {
  const { decision, certain } = judgeRequest(statements(...list), REQUEST)
  return `${certain ? '' : 'likely '}${decision}`
}

const rows: [why: string, expected: string, ...statements: object[]][] = [
  ['an exact allow', 'allow', allow(REPOSITORY)],
  ['a path', 'allow', allow('acs:cr:*:*:repository/cri-1/*')],
  ['a whole segment', 'allow', allow('acs:cr:*:*:repository/*/team/app')],
  ['a segment that would have to hold a slash', 'likely allow', allow('acs:cr:*:*:repository/*/app')],
  ['nothing', 'implicit-deny', allow('acs:cr:*:*:repository/cri-2/*')],
  ['another service', 'implicit-deny', allow('acs:oss:*:*:*')],
  ['`?`', 'likely allow', allow('acs:cr:*:*:repository/cri-1/te?m/*')],
  ['`*` inside a segment', 'likely allow', allow('acs:cr:*:*:repository/cri-1/t*m/app')],
  ['an empty region of another service', 'likely allow', allow('acs:cr::1:repository/cri-1/*')],
  ['another case', 'likely implicit-deny', allow('acs:cr:*:*:repository/CRI-1/*')],
  ['an open allow beside a certain one', 'allow', allow('acs:cr:*:*:*'), allow('acs:cr:*:*:repository/cri-1/te?m/*')],
  [
    'an open deny',
    'likely explicit-deny',
    allow('*'),
    { ...allow('acs:cr:*:*:repository/cri-1/te?m/*'), Effect: 'Deny' },
  ],
  ['a certain deny', 'explicit-deny', allow('acs:cr:*:*:repository/cri-1/te?m/*'), { ...allow('*'), Effect: 'Deny' }],
  ['NotResource', 'likely allow', { Effect: 'Allow', Action: 'cr:*', NotResource: 'acs:cr:*:*:repository/cri-2/*' }],
  ['NotResource of other actions', 'implicit-deny', { Effect: 'Allow', Action: 'oss:*', NotResource: 'acs:oss:*:*:x' }],
]
const OPEN = 'acs:cr:*:*:repository/cri-1/te?m/*'
for (const [what, pattern] of [
  ['another region', 'acs:cr:cn-beijing:*:*'],
  ['another account', 'acs:cr:*:2:*'],
  ['a longer name', 'acs:cr:*:*:repository/cri-1/team/apps'],
  ['a name with the same start', 'acs:cr:*:*:repository/cri-1/team/apx'],
  ['another start of a name', 'acs:cr:*:*:repository/cri-1/x*'],
  ['a shorter path', 'acs:cr:*:*:repository/cri-1/team'],
  ['a longer path', 'acs:cr:*:*:repository/cri-1/team/app/*'],
  ['a longer path of whole segments', 'acs:cr:*:*:repository/*/team/app/*'],
] as const) {
  rows.push([`an open allow beside one of ${what}`, 'likely allow', allow(pattern), allow(OPEN)])
}
rows.push(
  ['the start of a segment', 'allow', allow('acs:cr:*:*:repository/cri-1/te*')],
  ['the start of the last segment', 'allow', allow('acs:cr:*:*:repository/cri-1/team/a*')],
  ['one of several actions', 'likely allow', allow(OPEN, { Action: ['oss:*', 'cr:*'] })],
)
for (const [why, expected, ...list] of rows) {
  test(`${why} means ${expected}`, () => assert.equal(verdict(...list), expected))
}

test("the decision always equals the evaluator's, and is certain if every pattern is documented and has the same letter case", () => {
  const path = fc.constantFrom(
    '*',
    'cri-1/*',
    'cri-1/team/app',
    'cri-2/*',
    'cri-1/te?m/*',
    'cri-1/t*m/app',
    '*/team/*',
    '*/app',
  )
  const pattern = fc.oneof(
    fc.constant('*'),
    fc
      .tuple(fc.constantFrom('*', 'cn-hangzhou', ''), fc.constantFrom('*', '1', '2'), path)
      .map(([region, account, rest]) => `acs:cr:${region}:${account}:repository/${rest}`),
  )
  const one = fc.record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    Action: fc.constantFrom('cr:*', 'oss:*'),
    Resource: pattern,
  })
  let uncertain = 0
  fc.assert(
    fc.property(fc.array(one, { maxLength: 4 }), (list) => {
      const parsed = statements(...list)
      const { decision, certain } = judgeRequest(parsed, REQUEST)
      assert.equal(decision, evaluate(parsed, REQUEST))
      if (!certain) uncertain += 1
      const isPlain = list.every(({ Resource }) => isDocumentedPattern(Resource) && !/\/\*\//.test(Resource))
      if (isPlain) assert.equal(certain, true)
    }),
    { seed: 20261127, numRuns: 2000 },
  )
  assert.ok(uncertain > 50, String(uncertain))
})

test('a desired policy reports when it depends on undocumented matching', () => {
  const of = (resource: string) =>
    undocumentedMatching(
      policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: [resource] }]),
      'policy p',
    )
  assert.deepEqual(of('acs:cr:*:1:repository/cri-1/team/*'), [])
  assert.deepEqual(of('acs:cr:*:1:repository/cri-1/a*b/app'), [{ id: 'RAM_MATCHING', subject: 'policy p' }])
})
