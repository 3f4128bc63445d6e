import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { GetPolicyRequest } from '@alicloud/ram20150501'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import { type Cloud, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, type Keys, refusal, refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

/**
 * Sources:
 * - `Policy` of AssumeRole: 1 to 2,048 characters, and the session has the permissions that are in
 *   the policy and that the role has (AssumeRoleRequest in @alicloud/sts20150401).
 * - The codes and their messages:
 *   https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
 * - The order of the steps, and that each of them may deny:
 *   https://www.alibabacloud.com/help/en/ram/policy-evaluation-process
 * - `SessionPolicy` in a denial: DecodeDiagnosticMessageResponseBody in @alicloud/ram20150501.
 * - The token grows with the policy:
 *   https://www.alibabacloud.com/en/notice/upgradenotification_of_request_parameters_length_constraints_upgrade_of_sts_apis_184
 */
const INSTANCE = 'cri-k7x2m9q4w1t8z5h3'

let cloud: Cloud
before(async () => {
  cloud = await startCloud()
  for (const name of ['limited', 'next']) cloud.control.putRole(name, trustAccount())
  cloud.control.grant('limited', 'limited', JSON.parse(allow(['cr:*', 'ram:Get*'])))
})
after(() => cloud.stop())
afterEach(() => {
  cloud.control.limit()
  cloud.control.breakSessionPolicies(undefined)
})

const trustAccount = () => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${cloud.accountId}:root`] } }],
})
const arn = (name: string) => `acs:ram::${cloud.accountId}:role/${name}`
const assume = async (policy: string | undefined, role = 'limited', keys?: Keys): Promise<Keys> => {
  const request = { roleArn: arn(role), roleSessionName: 'session', ...(policy !== undefined && { policy }) }
  const { body } = await vendorClients(cloud, keys).sts.assumeRole(new AssumeRoleRequest(request))
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  return { accessKeyId, accessKeySecret, securityToken }
}
const statements = (...Statement: readonly object[]): string => JSON.stringify({ Version: '1', Statement })
const cr = (keys: Keys, action: string, query: Record<string, string> = { InstanceId: INSTANCE }) =>
  vendorClients(cloud, keys).call({ action, version: '2018-12-01', query })
const getPolicy = (keys: Keys) =>
  vendorClients(cloud, keys).ram.getPolicy(
    new GetPolicyRequest({ policyName: 'AdministratorAccess', policyType: 'System' }),
  )
const succeeds = async (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'allowed',
    () => refused(call),
  )
/** What a session may do, by operation. */
const rightsOf = async (keys: Keys): Promise<Record<string, string>> => ({
  GetAuthorizationToken: await succeeds(cr(keys, 'GetAuthorizationToken')),
  ListInstance: await succeeds(cr(keys, 'ListInstance', {})),
  GetInstance: await succeeds(cr(keys, 'GetInstance')),
  GetPolicy: await succeeds(getPolicy(keys)),
  AssumeRole: await succeeds(assume(undefined, 'next', keys)),
})
const DENIED = '403 NoPermission'
const NOTHING = {
  GetAuthorizationToken: DENIED,
  ListInstance: DENIED,
  GetInstance: DENIED,
  GetPolicy: DENIED,
  AssumeRole: DENIED,
}
const WHOLE_ROLE = { ...NOTHING, ...allowed('GetAuthorizationToken', 'ListInstance', 'GetInstance', 'GetPolicy') }

function allowed(...operations: readonly string[]): Record<string, string> {
  return Object.fromEntries(operations.map((operation) => [operation, 'allowed']))
}

test('a session may do what both its role and its session policy allow, and nothing else', async () => {
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' }
  const cases: readonly (readonly [what: string, policy: string | undefined, allowed: readonly string[]])[] = [
    ['no session policy', undefined, ['GetAuthorizationToken', 'ListInstance', 'GetInstance', 'GetPolicy']],
    ['all', statements(everything), ['GetAuthorizationToken', 'ListInstance', 'GetInstance', 'GetPolicy']],
    ['more than the role has', allow(['sts:AssumeRole', 'cr:ListInstance']), ['ListInstance']],
    ['a pattern of actions', allow(['CR:get*']), ['GetAuthorizationToken', 'GetInstance']],
    ['a resource', allow(['cr:*'], `acs:cr:*:*:instance/${INSTANCE}`), ['GetInstance']],
    ['another resource', allow(['cr:*'], 'acs:cr:*:*:instance/cri-other'), []],
    [
      'a denial',
      statements(everything, { Effect: 'Deny', Action: ['cr:GetInstance', 'ram:*'], Resource: '*' }),
      ['GetAuthorizationToken', 'ListInstance'],
    ],
    [
      'NotAction',
      statements({ Effect: 'Allow', NotAction: ['cr:List*', 'ram:*'], Resource: '*' }),
      ['GetAuthorizationToken', 'GetInstance'],
    ],
    ['only a denial', statements({ Effect: 'Deny', Action: 'ram:*', Resource: '*' }), []],
    [
      'a condition that is not met',
      statements({ ...everything, Condition: { IpAddress: { 'acs:SourceIp': '192.0.2.0/24' } } }),
      [],
    ],
  ]
  for (const [what, policy, operations] of cases) {
    assert.deepEqual(await rightsOf(await assume(policy)), { ...NOTHING, ...allowed(...operations) }, what)
  }
})

test('a denial names the session policy, after the control policies and before the role’s policies', async () => {
  const detail = async (call: Promise<unknown>) => {
    const { AccessDeniedDetail } = (await refusal(call)).body as { AccessDeniedDetail: Record<string, unknown> }
    return [AccessDeniedDetail.PolicyType, AccessDeniedDetail.NoPermissionType]
  }
  const limited = await assume(
    statements(
      { Effect: 'Allow', Action: ['cr:ListInstance', 'sts:*'], Resource: '*' },
      { Effect: 'Deny', Action: 'cr:GetInstance', Resource: '*' },
    ),
  )
  assert.deepEqual(await detail(getPolicy(limited)), ['SessionPolicy', 'ImplicitDeny'])
  assert.deepEqual(await detail(cr(limited, 'GetInstance')), ['SessionPolicy', 'ExplicitDeny'])
  assert.deepEqual(await detail(assume(undefined, 'next', limited)), [
    'AccountLevelIdentityBasedPolicy',
    'ImplicitDeny',
  ])
  cloud.control.limit({ Version: '1', Statement: [{ Effect: 'Deny', Action: 'cr:*', Resource: '*' }] })
  assert.deepEqual(await detail(cr(limited, 'GetInstance')), ['ControlPolicy', 'ExplicitDeny'])
})

test('the role’s policies count at the time of a call, also for a session that is limited', async () => {
  cloud.control.putRole('growing', trustAccount())
  const keys = await assume(allow(['cr:ListInstance', 'cr:GetInstance']), 'growing')
  assert.deepEqual(await rightsOf(keys), NOTHING)
  cloud.control.grant('growing', 'growing', JSON.parse(allow(['cr:ListInstance', 'cr:GetAuthorizationToken'])))
  assert.deepEqual(await rightsOf(keys), { ...NOTHING, ...allowed('ListInstance') })
  cloud.control.revoke('growing')
  assert.deepEqual(await rightsOf(keys), NOTHING)
})

test('a limited session assumes only the roles that its policy allows; the next session has the rights of the next role', async () => {
  cloud.control.putRole('first', trustAccount())
  cloud.control.putRole('second', trustAccount())
  cloud.control.grant('first', 'assume', JSON.parse(allow(['sts:AssumeRole'])))
  cloud.control.grant('second', 'second', JSON.parse(allow(['cr:*'])))
  const first = await assume(allow(['sts:AssumeRole'], arn('second')), 'first')
  assert.equal(await refused(assume(undefined, 'next', first)), DENIED)
  const whole = { ...NOTHING, ...allowed('GetAuthorizationToken', 'ListInstance', 'GetInstance') }
  assert.deepEqual(await rightsOf(await assume(undefined, 'second', first)), whole)
  const limited = await assume(allow(['cr:ListInstance', 'sts:AssumeRole']), 'second', first)
  assert.deepEqual(await rightsOf(limited), { ...NOTHING, ...allowed('ListInstance') })
  const none = await assume(allow(['cr:*']), 'first')
  assert.equal(await refused(assume(undefined, 'second', none)), DENIED)
})

/** A policy of exactly this many bytes: allowed white space between two tokens of JSON. */
const ofBytes = (bytes: number, policy = allow(['cr:*'])): string =>
  policy.replace('{', `{${' '.repeat(bytes - Buffer.byteLength(policy))}`)

test('a session policy may have 2,048 bytes, and must be a permission policy', async () => {
  const answer = async (policy: string): Promise<string> => {
    const { status, code, message } = await refusal(assume(policy))
    return `${status} ${code}: ${message}`
  }
  const size = '400 InvalidParameter.PolicySize: The size of Policy must be smaller than 2048 bytes.'
  const grammar = '400 InvalidParameter.PolicyGrammar: The parameter Policy has not passed grammar check.'
  const trust = JSON.stringify(trustAccount())
  const longest = ofBytes(2048)
  assert.equal(longest.length, 2048)
  assert.deepEqual(await rightsOf(await assume(longest)), {
    ...NOTHING,
    ...allowed('GetAuthorizationToken', 'ListInstance', 'GetInstance'),
  })
  const chinese = ofBytes(2049, allow(['cr:*'], 'acs:cr:*:*:repository/cri-1/团队/*'))
  assert.ok(chinese.length < 2048)
  for (const policy of [ofBytes(2049), chinese, '*'.repeat(2049)]) assert.equal(await answer(policy), size)
  const malformed = ['', '{', '[]', '{}', 'null', trust, statements(), statements({ Effect: 'Allow', Action: 'cr:*' })]
  for (const policy of malformed) assert.equal(await answer(policy), grammar, policy)
})

test('the security token grows with the session policy', async () => {
  const { securityToken: short = '' } = await assume(undefined)
  const { securityToken: long = '' } = await assume(ofBytes(2048))
  assert.ok(short.length < 300, `${short.length} characters`)
  assert.ok(long.length > 2048, `${long.length} characters`)
})

test('a cloud can ignore session policies, or refuse everything under one, and sessions without a policy never notice', async () => {
  const policy = allow(['cr:ListInstance'])
  const limited = await assume(policy)
  const whole = await assume(undefined)
  const documented = { ...NOTHING, ...allowed('ListInstance') }
  const faults = [
    [undefined, documented],
    ['ignored', WHOLE_ROLE],
    ['ignored-by-registry', documented],
    ['ignored-for-oidc', documented],
    ['refused', NOTHING],
    ['refused-by-registry', documented],
  ] as const
  for (const [fault, rights] of faults) {
    cloud.control.breakSessionPolicies(fault)
    assert.deepEqual(await rightsOf(limited), rights, fault)
    assert.deepEqual(await rightsOf(await assume(policy)), rights, fault)
    assert.deepEqual(await rightsOf(whole), WHOLE_ROLE, fault)
    assert.equal(await refused(assume('{')), '400 InvalidParameter.PolicyGrammar', fault)
  }
})
