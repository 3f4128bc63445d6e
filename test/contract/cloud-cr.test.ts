import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, type GenericCall, type Keys, refusal, refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

const DEMO = 'cri-k7x2m9q4w1t8z5h3'
const HOUR = 3_600_000

let cloud: Cloud
const now = Date.now()
before(async () => {
  cloud = await startCloud({ clock: () => now })
  cloud.control.putRole('puller', {
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${cloud.accountId}:root`] } },
    ],
  })
  cloud.control.grant('puller', 'get-token', JSON.parse(allow(['cr:GetAuthorizationToken'])))
})
after(() => cloud.stop())

const cr = (action: string, query: Readonly<Record<string, string>> = {}, keys?: Keys) =>
  vendorClients(cloud, keys).call({ action, version: '2018-12-01', query })
const personal = (request: Omit<GenericCall, 'version'>, keys?: Keys) =>
  vendorClients(cloud, keys).call({ ...request, version: '2016-06-07' })
const tokens: Omit<GenericCall, 'version'> = { action: 'GetAuthorizationToken', path: '/tokens' }
const session = async (durationSeconds: number): Promise<Keys> => {
  const request = { roleArn: `acs:ram::${cloud.accountId}:role/puller`, roleSessionName: 'puller', durationSeconds }
  const { body } = await vendorClients(cloud).sts.assumeRole(new AssumeRoleRequest(request))
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  return { accessKeyId, accessKeySecret, securityToken }
}

test('an access key gets a credential for one hour, or for the requested hours', async () => {
  const { RequestId, AuthorizationToken, ExpireTime, ...rest } = await cr('GetAuthorizationToken', { InstanceId: DEMO })
  assert.match(String(RequestId), /^[0-9A-F-]{36}$/)
  assert.ok(String(AuthorizationToken).length >= 32)
  assert.equal(ExpireTime, now + HOUR)
  assert.deepEqual(rest, { IsSuccess: true, Code: 'success', TempUsername: 'cr_temp_user' })
  const long = await cr('GetAuthorizationToken', { InstanceId: DEMO, ExpiresInHours: '24' })
  assert.equal(long.ExpireTime, now + 24 * HOUR)
  for (const ExpiresInHours of ['0', '25', 'x', '1.5']) {
    const call = cr('GetAuthorizationToken', { InstanceId: DEMO, ExpiresInHours })
    assert.equal(await refused(call), '400 InvalidExpiresInHours')
  }
})

test('a credential expires no later than the session that requested it', async () => {
  const keys = await session(900)
  const end = Math.floor(now / 1000) * 1000 + 900_000
  assert.equal((await cr('GetAuthorizationToken', { InstanceId: DEMO }, keys)).ExpireTime, end)
  assert.equal((await cr('GetAuthorizationToken', { InstanceId: DEMO, ExpiresInHours: '12' }, keys)).ExpireTime, end)
  const { data } = await personal(tokens, keys)
  assert.equal((data as { expireDate: number }).expireDate, end)
})

test('the Personal Edition responds with its own field names', async () => {
  const { requestId, data } = await personal(tokens)
  assert.match(String(requestId), /^[0-9A-F-]{36}$/)
  const { authorizationToken, ...rest } = data as Record<string, unknown>
  assert.ok(String(authorizationToken).length >= 32)
  assert.deepEqual(rest, { tempUserName: 'cr_temp_user', expireDate: now + HOUR })
})

test('an account that never activated the Personal Edition is unknown to it', async () => {
  const { status, code, body } = await refusal(personal(tokens, cloud.accessKeyOf('administrator', '1867204395510376')))
  assert.deepEqual([status, code], [404, 'USER_NOT_EXIST'])
  assert.deepEqual(Object.keys(body).sort(), ['code', 'message', 'requestId', 'status'])
})

// Source: the models ListInstanceResponseBody and GetInstanceResponseBody of @alicloud/cr20181201
// 2.2.2.
test('instances are listed and read; times are strings in the list and numbers in the detail, which has no region', async () => {
  const { Instances, TotalCount } = await cr('ListInstance')
  assert.equal(TotalCount, 1)
  const [listed = {}] = Instances as readonly Record<string, unknown>[]
  assert.deepEqual([listed.InstanceId, listed.InstanceName, listed.RegionId], [DEMO, 'demo', 'cn-hangzhou'])
  assert.equal(typeof listed.CreateTime, 'string')
  const detail = await cr('GetInstance', { InstanceId: DEMO })
  assert.deepEqual([detail.InstanceStatus, typeof detail.CreateTime, detail.RegionId], ['RUNNING', 'number', undefined])
  assert.equal((await cr('ListInstance', { InstanceName: 'other' })).TotalCount, 0)
  assert.equal((await cr('ListInstance', { InstanceStatus: 'RUNNING', PageNo: '2', PageSize: '1' })).TotalCount, 1)
})

// Source of the types `internet` and `vpc`: terraform-provider-alicloud
// alicloud/data_source_alicloud_cr_ee_instances.go.
test('endpoints list the domains of both networks', async () => {
  const { Endpoints } = await cr('ListInstanceEndpoint', { InstanceId: DEMO, ModuleName: 'Registry' })
  assert.deepEqual(Endpoints, [
    {
      EndpointType: 'internet',
      Enable: true,
      AclEnable: true,
      AclEntries: [],
      Status: 'RUNNING',
      Domains: [{ Domain: 'demo-registry.cn-hangzhou.cr.aliyuncs.com', Type: 'SYSTEM' }],
      LinkedVpcs: [],
    },
    {
      EndpointType: 'vpc',
      Enable: true,
      AclEnable: false,
      AclEntries: [],
      Status: 'RUNNING',
      Domains: [{ Domain: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com', Type: 'SYSTEM' }],
      LinkedVpcs: [{ VpcId: 'vpc-bp1opxu1zkhn00gzvp6x8' }],
    },
  ])
  const { Domains } = await cr('GetInstanceEndpoint', { InstanceId: DEMO, EndpointType: 'vpc' })
  assert.deepEqual(Domains, [{ Domain: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com', Type: 'SYSTEM' }])
  assert.deepEqual((await cr('ListInstanceEndpoint', { InstanceId: DEMO, ModuleName: 'Chart' })).Endpoints, [])
  assert.equal(await refused(cr('GetInstanceEndpoint', { InstanceId: DEMO })), '400 MissingEndpointType')
})

test('an instance lists its linked VPCs, and links another; each needs its own permission', async () => {
  const of = async () => {
    const { Domains, LinkedVpcs } = await cr('GetInstanceVpcEndpoint', { InstanceId: DEMO })
    const vpcs = LinkedVpcs as readonly Record<string, unknown>[]
    return { Domains, vpcs: vpcs.map(({ VpcId, VswitchId, Status }) => [VpcId, VswitchId, Status].join(' ')) }
  }
  const first = 'vpc-bp1opxu1zkhn00gzvp6x8 vsw-bp1c3m0n5qx7z9k2j4h6f RUNNING'
  assert.deepEqual(await of(), { Domains: ['demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'], vpcs: [first] })
  const link = { InstanceId: DEMO, VpcId: 'vpc-2', VswitchId: 'vsw-2', ModuleName: 'Registry' }
  assert.equal((await cr('CreateInstanceVpcEndpointLinkedVpc', link)).IsSuccess, true)
  assert.deepEqual((await of()).vpcs, [first, 'vpc-2 vsw-2 RUNNING'])
  cloud.control.changeInstance(DEMO, { vpc: { vpcs: [] } })
  assert.deepEqual((await of()).vpcs, [])
  const { VswitchId, ...half } = link
  assert.equal(await refused(cr('CreateInstanceVpcEndpointLinkedVpc', half)), '400 MissingVswitchId')
  const keys = cloud.accessKeyOf('auditor')
  assert.equal(await refused(cr('GetInstanceVpcEndpoint', { InstanceId: DEMO }, keys)), '403 NoPermission')
  const chart = await cr('GetInstanceVpcEndpoint', { InstanceId: DEMO, ModuleName: 'Chart' })
  assert.deepEqual([chart.Domains, chart.LinkedVpcs], [[], []])
  cloud.control.changeInstance(DEMO, { vpc: { vpcs: [{ id: 'vpc-bp1opxu1zkhn00gzvp6x8', vswitch: VswitchId }] } })
})

/**
 * Source of the fields, their values and `PRIVATE_ZONE_CONFLICT_AT_{private_zone_id}`:
 * GetInstanceVpcEndpointResponseBodyLinkedVpcs of @alicloud/cr20181201. Source of
 * `NO_PRIVATE_ZONE_AUTHORIZED` together with RUNNING and DefaultAccess: a written record of calls
 * on a real account (2026-10). That link was created without EnableCreateDNSRecordInPvzt, and the
 * account's nodes resolved the VPC domain.
 */
test('a link reports its status, its issue and whether it is the default, as the account or its creation left it', async () => {
  const links = async () => {
    const { LinkedVpcs } = await cr('GetInstanceVpcEndpoint', { InstanceId: DEMO })
    const vpcs = LinkedVpcs as readonly Record<string, unknown>[]
    return vpcs.map(({ VpcId, Status, DefaultAccess, Issue }) => [VpcId, Status, DefaultAccess, Issue])
  }
  const before = [{ id: 'vpc-bp1opxu1zkhn00gzvp6x8', vswitch: 'vsw-1' }]
  const conflict = 'PRIVATE_ZONE_CONFLICT_AT_3f1c'
  const unusual = { id: 'vpc-9', vswitch: 'vsw-9', status: 'CREATING', issue: conflict, defaultAccess: true } as const
  cloud.control.changeInstance(DEMO, { vpc: { vpcs: [...before, unusual] } })
  const link = { InstanceId: DEMO, VswitchId: 'vsw-2', ModuleName: 'Registry' }
  await cr('CreateInstanceVpcEndpointLinkedVpc', { ...link, VpcId: 'vpc-2' })
  await cr('CreateInstanceVpcEndpointLinkedVpc', { ...link, VpcId: 'vpc-3', EnableCreateDNSRecordInPvzt: 'true' })
  assert.deepEqual(await links(), [
    ['vpc-bp1opxu1zkhn00gzvp6x8', 'RUNNING', true, ''],
    ['vpc-9', 'CREATING', true, conflict],
    ['vpc-2', 'RUNNING', false, 'NO_PRIVATE_ZONE_AUTHORIZED'],
    ['vpc-3', 'RUNNING', false, ''],
  ])
  cloud.control.changeInstance(DEMO, { vpc: { vpcs: before } })
})

/**
 * Source of AclEnable, which is true without entries too: records of live instances, in the second
 * audit of fidelity. In these records an endpoint without entries was open to all, and 0.0.0.0/0
 * was refused as an entry. No page of the vendor says either, so readers treat it as unknown.
 */
test('the public endpoint is opened and closed, and allows the addresses on its list', async () => {
  const internet = async () => {
    const { Enable, AclEnable, AclEntries } = await cr('GetInstanceEndpoint', {
      InstanceId: DEMO,
      EndpointType: 'internet',
    })
    const entries = AclEntries as readonly { Entry: string }[]
    return [Enable, AclEnable, ...entries.map(({ Entry }) => Entry)]
  }
  const endpoint = { InstanceId: DEMO, EndpointType: 'internet' }
  await cr('UpdateInstanceEndpointStatus', { ...endpoint, Enable: 'false' })
  assert.deepEqual(await internet(), [false, true])
  await cr('UpdateInstanceEndpointStatus', { ...endpoint, Enable: 'true' })
  await cr('CreateInstanceEndpointAclPolicy', { ...endpoint, Entry: '203.0.113.9/32' })
  assert.deepEqual(await internet(), [true, true, '203.0.113.9/32'])
  cloud.control.changeInstance(DEMO, { internet: { acl: [] } })
  assert.deepEqual(await internet(), [true, true])
})

/**
 * Source of the states: InstanceStatus of GetInstanceResponseBody in @alicloud/cr20181201. The
 * vendor does not document which calls an instance refuses in these states.
 */
test('an instance that is not RUNNING issues no credential, is described with its state, and issues one again when it runs', async () => {
  cloud.control.changeInstance(DEMO, { status: 'STOPPED' })
  const stopped = await cr('GetAuthorizationToken', { InstanceId: DEMO })
  assert.deepEqual([stopped.IsSuccess, stopped.Code], [false, 'INSTANCE_STATUS_NOT_SUPPORT'])
  assert.equal((await cr('GetInstance', { InstanceId: DEMO })).InstanceStatus, 'STOPPED')
  cloud.control.changeInstance(DEMO, { status: 'RUNNING' })
  assert.equal((await cr('GetAuthorizationToken', { InstanceId: DEMO })).IsSuccess, true)
})

test('an unknown instance is a response with HTTP 200 and IsSuccess false', async () => {
  for (const action of ['GetAuthorizationToken', 'GetInstance', 'ListInstanceEndpoint']) {
    const response = await cr(action, { InstanceId: 'cri-0000000000000000' })
    assert.deepEqual([response.IsSuccess, response.Code], [false, 'INSTANCE_NOT_EXIST'], action)
  }
  assert.equal(await refused(cr('GetAuthorizationToken')), '400 MissingInstanceId')
})

test('a session needs each permission: the token on all resources, the endpoints on the instance', async () => {
  const keys = await session(3600)
  const allowed = async () => [
    await cr('GetAuthorizationToken', { InstanceId: DEMO }, keys).then(
      () => 'token',
      () => '-',
    ),
    await cr('ListInstanceEndpoint', { InstanceId: DEMO }, keys).then(
      () => 'endpoints',
      () => '-',
    ),
    await personal(tokens, keys).then(
      () => 'personal',
      () => '-',
    ),
  ]
  assert.deepEqual(await allowed(), ['token', '-', 'personal'])
  const endpoint = allow(['cr:ListInstanceEndpoint'], `acs:cr:cn-hangzhou:${cloud.accountId}:instance/${DEMO}`)
  cloud.control.grant('puller', 'endpoints', JSON.parse(endpoint))
  assert.deepEqual(await allowed(), ['token', 'endpoints', 'personal'])
  cloud.control.grant(
    'puller',
    'get-token',
    JSON.parse(allow(['cr:GetAuthorizationToken'], `acs:cr:*:*:instance/${DEMO}`)),
  )
  assert.deepEqual(await allowed(), ['-', 'endpoints', '-'])
  cloud.control.grant('puller', 'get-token', JSON.parse(allow(['cr:*'])))
  const deny = { Version: '1', Statement: [{ Effect: 'Deny', Action: 'cr:ListInstance*', Resource: '*' }] }
  cloud.control.grant('puller', 'deny', deny)
  assert.deepEqual(await allowed(), ['token', '-', 'personal'])
  const { status, code, body } = await refusal(cr('ListInstanceEndpoint', { InstanceId: DEMO }, keys))
  assert.deepEqual([status, code], [403, 'NoPermission'])
  assert.equal((body.AccessDeniedDetail as Record<string, unknown>).NoPermissionType, 'ExplicitDeny')
})

test('an API, a version or a path that does not exist is rejected', async () => {
  assert.equal(await refused(cr('NoSuchAction')), '404 InvalidAction.NotFound')
  assert.equal(await refused(vendorClients(cloud).call({ action: 'x', version: '1999-01-01' })), '400 InvalidVersion')
  assert.equal(await refused(personal({ action: 'x', path: '/nothing' })), '404 InvalidAction.NotFound')
})
