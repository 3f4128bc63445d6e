import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, type Keys, refusal, refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

const OTHER_ACCOUNT = '1867204395510376'
const READER = `acs:ram::${OTHER_ACCOUNT}:role/image-reader`

let cloud: Cloud
let now = Date.now()
before(async () => {
  cloud = await startCloud({ clock: () => now })
})
after(() => cloud.stop())

const assume = async (request: object, keys?: Keys): Promise<Keys> => {
  const { body } = await vendorClients(cloud, keys).sts.assumeRole(
    new AssumeRoleRequest({ roleSessionName: 'session', ...request }),
  )
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  return { accessKeyId, accessKeySecret, securityToken }
}
const trusting = (principal: object, condition?: object) => ({
  Version: '1',
  Statement: [
    { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: principal, ...(condition && { Condition: condition }) },
  ],
})
const arn = (name: string) => `acs:ram::${cloud.accountId}:role/${name}`
const self = (): object => ({ RAM: [`acs:ram::${cloud.accountId}:user/administrator`] })

test('every caller can query its own identity', async () => {
  const user = (await vendorClients(cloud).sts.getCallerIdentity()).body
  assert.deepEqual([user?.identityType, user?.arn], ['RAMUser', `acs:ram::${cloud.accountId}:user/administrator`])
  cloud.control.putRole('Nobody', trusting(self()))
  const session = (await vendorClients(cloud, await assume({ roleArn: arn('nobody') })).sts.getCallerIdentity()).body
  assert.deepEqual(
    [session?.identityType, session?.arn, session?.accountId, session?.principalId],
    [
      'AssumedRoleUser',
      `acs:ram::${cloud.accountId}:assumed-role/nobody/session`,
      cloud.accountId,
      `${session?.roleId}:session`,
    ],
  )
})

test('a role can be assumed only by the principals of its trust policy', async () => {
  const root = { RAM: [`acs:ram::${cloud.accountId}:root`] }
  cloud.control.putRole('by-root', trusting(root))
  cloud.control.putRole('by-user', trusting(self()))
  cloud.control.putRole('by-other-user', trusting({ RAM: [`acs:ram::${cloud.accountId}:user/auditor`] }))
  cloud.control.putRole('by-service', trusting({ Service: ['ecs.aliyuncs.com'] }))
  const deny = trusting(self()).Statement.map((item) => ({ ...item, Effect: 'Deny' }))
  cloud.control.putRole('by-deny', { Version: '1', Statement: [...trusting(root).Statement, ...deny] })
  cloud.control.putRole('by-address', trusting(root, { IpAddress: { 'acs:SourceIp': '10.0.0.0/8' } }))
  await assume({ roleArn: arn('by-root') })
  await assume({ roleArn: arn('By-User') })
  for (const name of ['by-other-user', 'by-service', 'by-deny', 'by-address']) {
    const { status, code, message } = await refusal(assume({ roleArn: arn(name) }))
    assert.deepEqual([status, code], [403, 'NoPermission'], name)
    assert.match(message, /^No permission perform sts:AssumeRole on this Role\. /)
  }
})

test('a caller also needs the permission sts:AssumeRole itself, on that role', async () => {
  cloud.control.putRole('narrow', trusting(self()))
  cloud.control.putRole('target', trusting({ RAM: [arn('narrow')] }))
  cloud.control.putRole('other', trusting({ RAM: [arn('narrow')] }))
  const narrow = await assume({ roleArn: arn('narrow') })
  const { code, body } = await refusal(assume({ roleArn: arn('target') }, narrow))
  assert.equal(code, 'NoPermission')
  assert.equal((body.AccessDeniedDetail as Record<string, unknown>).AuthAction, 'sts:AssumeRole')
  cloud.control.grant('narrow', 'assume-target', JSON.parse(allow(['sts:AssumeRole'], arn('target'))))
  await assume({ roleArn: arn('target') }, narrow)
  assert.equal(await refused(assume({ roleArn: arn('other') }, narrow)), '403 NoPermission')
})

test('a role of another account is assumed only with its external id, and acts in that account', async () => {
  assert.equal(await refused(assume({ roleArn: READER })), '403 NoPermission')
  assert.equal(await refused(assume({ roleArn: READER, externalId: 'guess' })), '403 NoPermission')
  const keys = await assume({ roleArn: READER, externalId: 'acme-shared-images' })
  const { sts, call } = vendorClients(cloud, keys)
  assert.equal((await sts.getCallerIdentity()).body?.accountId, OTHER_ACCOUNT)
  const tokenFor = (InstanceId: string) =>
    call({ action: 'GetAuthorizationToken', version: '2018-12-01', query: { InstanceId } })
  assert.equal((await tokenFor('cri-p4c8r2f6j0v9n1l5')).IsSuccess, true)
  assert.equal((await tokenFor('cri-k7x2m9q4w1t8z5h3')).Code, 'INSTANCE_NOT_EXIST')
})

test('invalid parameters of AssumeRole are rejected with the code of the parameter', async () => {
  cloud.control.putRole('plain', trusting(self()))
  const roleArn = arn('plain')
  assert.deepEqual(
    {
      unknown: await refused(assume({ roleArn: arn('nowhere') })),
      account: await refused(assume({ roleArn: 'acs:ram::1000000000000000:role/plain' })),
      arn: await refused(assume({ roleArn: 'plain' })),
      name: await refused(assume({ roleArn, roleSessionName: 'a b' })),
      short: await refused(assume({ roleArn, durationSeconds: 899 })),
      long: await refused(assume({ roleArn, durationSeconds: 3601 })),
      missing: await refused(assume({})),
    },
    {
      unknown: '404 EntityNotExist.Role',
      account: '404 EntityNotExist.Role',
      arn: '400 InvalidParameter.RoleArn',
      name: '400 InvalidParameter.RoleSessionName',
      short: '400 InvalidParameter.DurationSeconds',
      long: '400 InvalidParameter.DurationSeconds',
      missing: '400 MissingRoleArn',
    },
  )
})

test('a session expires to the second', async () => {
  cloud.control.putRole('short', trusting(self()))
  cloud.control.shortSessions(60)
  const keys = await assume({ roleArn: arn('short') })
  cloud.control.shortSessions(undefined)
  now += 58_000
  await vendorClients(cloud, keys).sts.getCallerIdentity()
  now += 2_000
  assert.equal(await refused(vendorClients(cloud, keys).sts.getCallerIdentity()), '400 InvalidSecurityToken.Expired')
})
