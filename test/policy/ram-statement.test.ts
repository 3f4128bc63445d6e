import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DocumentError, parseStatements } from '../../src/policy/ram-statement.ts'

const ALLOW = { Effect: 'Allow', Action: 'cr:*', Resource: '*' }
const TRUST = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ecs.aliyuncs.com' } }
const document = (...Statement: readonly unknown[]) => ({ Version: '1', Statement })
const parse = (value: unknown, kind: 'policy' | 'trust' = 'policy') => parseStatements(JSON.stringify(value), kind)

// The elements and their values: https://www.alibabacloud.com/help/en/ram/policy-elements
const REFUSED: readonly (readonly [what: string, message: string, value: unknown, kind?: 'trust'])[] = [
  ['a list', 'document must be an object', []],
  ['a text', 'document must be an object', 'x'],
  ['null', 'document must be an object', null],
  ['another version', 'Version must be "1"', { ...document(ALLOW), Version: '2' }],
  ['no version', 'Version must be "1"', { Statement: [ALLOW] }],
  ['an unknown element', 'document has an unknown element Id', { ...document(ALLOW), Id: 'x' }],
  ['one statement without a list', 'Statement must be an array', { Version: '1', Statement: ALLOW }],
  ['a statement that is a text', 'Statement must be an object', document('x')],
  ['another effect', 'Effect must be Allow or Deny', document({ ...ALLOW, Effect: 'allow' })],
  ['an unknown element of a statement', 'Statement has an unknown element Sid', document({ ...ALLOW, Sid: 'x' })],
  ['a principal in a policy', 'Statement has an unknown element Principal', document({ ...ALLOW, Principal: {} })],
  [
    'a resource in a trust',
    'Statement has an unknown element Resource',
    document({ ...TRUST, Resource: '*' }),
    'trust',
  ],
  ['no action', 'exactly one of Action and NotAction', document({ Effect: 'Allow', Resource: '*' })],
  ['both actions', 'exactly one of Action and NotAction', document({ ...ALLOW, NotAction: 'cr:*' })],
  ['no resource', 'exactly one of Resource and NotResource', document({ Effect: 'Allow', Action: 'cr:*' })],
  ['both resources', 'exactly one of Resource and NotResource', document({ ...ALLOW, NotResource: '*' })],
  ['no action in the list', 'Action is empty', document({ ...ALLOW, Action: [] })],
  ['no action in the list of others', 'NotAction is empty', document({ Effect: 'Deny', NotAction: [], Resource: '*' })],
  ['an empty action', 'Action must be a string or a list of strings', document({ ...ALLOW, Action: '' })],
  ['an action that is an object', 'Action must be a string or a list of strings', document({ ...ALLOW, Action: [{}] })],
  ['an action without a service', 'Action is malformed', document({ ...ALLOW, Action: ['cr:*', 'Pull'] })],
  ['an action in two parts', 'Action is malformed', document({ ...ALLOW, Action: 'cr:Pull Repository' })],
  ['an action after a space', 'Action is malformed', document({ ...ALLOW, Action: ' cr:*' })],
  ['a resource that is not an ARN', 'Resource is malformed', document({ ...ALLOW, Resource: 'cri-1' })],
  ['a resource of another vendor', 'Resource is malformed', document({ ...ALLOW, Resource: 'arn:acs:a:b:c:d' })],
  ['a resource without a path', 'Resource is malformed', document({ ...ALLOW, Resource: 'acs:cr:*:*:' })],
  ['a resource of two lines', 'Resource is malformed', document({ ...ALLOW, Resource: 'acs:cr:*:*:a\nb' })],
  ['a trust in nobody', 'Principal must be an object', document({ ...TRUST, Principal: undefined }), 'trust'],
  ['an empty principal', 'Principal is empty', document({ ...TRUST, Principal: {} }), 'trust'],
  [
    'an unknown principal',
    'Principal has an unknown element AWS',
    document({ ...TRUST, Principal: { AWS: '*' } }),
    'trust',
  ],
  ['no name of a service', 'Service is empty', document({ ...TRUST, Principal: { Service: [] } }), 'trust'],
  ['a condition that is a text', 'Condition must be an object', document({ ...ALLOW, Condition: 'x' })],
  [
    'an unknown operator',
    'unknown condition operator StringIs',
    document({ ...ALLOW, Condition: { StringIs: { k: 'v' } } }),
  ],
  [
    'an unknown quantifier',
    'unknown condition operator ForSomeValue:StringEquals',
    document({ ...ALLOW, Condition: { 'ForSomeValue:StringEquals': { k: 'v' } } }),
  ],
  [
    'an operator with a line break',
    'unknown condition operator StringEquals\n',
    document({ ...ALLOW, Condition: { 'StringEquals\n': { k: 'v' } } }),
  ],
  [
    'an operator after a line break',
    'unknown condition operator \nStringEquals',
    document({ ...ALLOW, Condition: { '\nStringEquals': { k: 'v' } } }),
  ],
  ['a condition without keys', 'Bool must be an object', document({ ...ALLOW, Condition: { Bool: [] } })],
  ['a condition without values', 'k is empty', document({ ...ALLOW, Condition: { Bool: { k: [] } } })],
]
for (const [what, message, value, kind] of REFUSED) {
  test(`a RAM document with ${what} is refused: ${message.trim()}`, () => {
    assert.throws(() => parse(value, kind), { name: 'DocumentError', message })
  })
}

test('a text that is not JSON is refused as such', () => {
  assert.throws(() => parseStatements('{', 'policy'), new DocumentError('not JSON'))
})

test('single values are lists of one, and a condition keeps its quantifier, its key and empty values', () => {
  const [first, second] = parse(
    document(
      {
        ...ALLOW,
        Condition: {
          'ForAllValues:StringLike': { 'oss:Prefix': ['', 'photos/*'] },
          Bool: { 'acs:SecureTransport': true },
        },
      },
      { Effect: 'Deny', NotAction: ['cr:Get*', '*'], NotResource: ['acs:cr:*:*:repository/cri-1/*'] },
    ),
  )
  assert.deepEqual(first, {
    effect: 'Allow',
    actions: ['cr:*'],
    notActions: false,
    resources: ['*'],
    notResources: false,
    principals: undefined,
    conditions: [
      { quantifier: 'ForAllValues', operator: 'StringLike', key: 'oss:Prefix', values: ['', 'photos/*'] },
      { quantifier: undefined, operator: 'Bool', key: 'acs:SecureTransport', values: ['true'] },
    ],
  })
  assert.deepEqual(second, {
    effect: 'Deny',
    actions: ['cr:Get*', '*'],
    notActions: true,
    resources: ['acs:cr:*:*:repository/cri-1/*'],
    notResources: true,
    principals: undefined,
    conditions: [],
  })
})

test('a trust policy is about every resource, and names its principals by kind', () => {
  const [own] = parse(document({ ...TRUST, Principal: { RAM: ['acs:ram::1:root'], Federated: 'p' } }), 'trust')
  assert.deepEqual(own, {
    effect: 'Allow',
    actions: ['sts:AssumeRole'],
    notActions: false,
    resources: ['*'],
    notResources: false,
    principals: { ram: ['acs:ram::1:root'], service: [], federated: ['p'] },
    conditions: [],
  })
})
