import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AttachPolicyToUserRequest,
  CreateAccessKeyRequest,
  CreateUserRequest,
  DeleteAccessKeyRequest,
  DeleteUserRequest,
  DetachPolicyFromUserRequest,
  GetUserRequest,
  ListAccessKeysRequest,
  ListPoliciesForUserRequest,
  ListUsersRequest,
  UpdateAccessKeyRequest,
} from '@alicloud/ram20150501'
import type { Cloud } from '../../src/sandbox/cloud/cloud.ts'
import { startCloud } from '../../src/sandbox/cloud/start-cloud.ts'
import { refused, type VendorClients, vendorClients } from '../support/cloud/vendor-sdk.ts'

let cloud: Cloud
let ram: VendorClients['ram']
before(async () => {
  cloud = await startCloud()
  ram = vendorClients(cloud).ram
})
after(() => cloud.stop())

test('a user with an access key: works, stops when disabled, is unknown when deleted', async () => {
  const userName = 'robot'
  await ram.createUser(new CreateUserRequest({ userName, displayName: 'Robot' }))
  assert.equal(await refused(ram.createUser(new CreateUserRequest({ userName }))), '409 EntityAlreadyExists.User')
  const policy = { policyName: 'AliyunRAMReadOnlyAccess', policyType: 'System', userName }
  await ram.attachPolicyToUser(new AttachPolicyToUserRequest(policy))
  const created = await ram.createAccessKey(new CreateAccessKeyRequest({ userName }))
  const { accessKeyId = '', accessKeySecret = '' } = created.body?.accessKey ?? {}
  await ram.createAccessKey(new CreateAccessKeyRequest({ userName }))
  assert.equal(
    await refused(ram.createAccessKey(new CreateAccessKeyRequest({ userName }))),
    '409 LimitExceeded.User.AccessKey',
  )
  const robot = vendorClients(cloud, { accessKeyId, accessKeySecret }).ram
  const found = await robot.getUser(new GetUserRequest({ userName }))
  assert.equal(found.body?.user?.displayName, 'Robot')
  const users = await robot.listUsers(new ListUsersRequest({}))
  assert.deepEqual(
    (users.body?.users?.user ?? []).map((user) => user.userName),
    ['administrator', 'auditor', 'robot'],
  )
  const keys = await robot.listAccessKeys(new ListAccessKeysRequest({ userName }))
  assert.deepEqual(
    (keys.body?.accessKeys?.accessKey ?? []).map(({ status }) => status),
    ['Active', 'Active'],
  )
  const own = await robot.listPoliciesForUser(new ListPoliciesForUserRequest({ userName }))
  assert.deepEqual(
    (own.body?.policies?.policy ?? []).map(({ policyName }) => policyName),
    ['AliyunRAMReadOnlyAccess'],
  )
  const asRobot = () => refused(robot.getUser(new GetUserRequest({ userName })))
  await ram.updateAccessKey(new UpdateAccessKeyRequest({ userName, userAccessKeyId: accessKeyId, status: 'Inactive' }))
  assert.equal(await asRobot(), '403 InvalidAccessKeyId.Inactive')
  assert.equal(await refused(ram.deleteUser(new DeleteUserRequest({ userName }))), '409 DeleteConflict.User.AccessKey')
  for (const key of keys.body?.accessKeys?.accessKey ?? []) {
    await ram.deleteAccessKey(new DeleteAccessKeyRequest({ userName, userAccessKeyId: key.accessKeyId ?? '' }))
  }
  assert.equal(await asRobot(), '404 InvalidAccessKeyId.NotFound')
  assert.equal(await refused(ram.deleteUser(new DeleteUserRequest({ userName }))), '409 DeleteConflict.User.Policy')
  await ram.detachPolicyFromUser(new DetachPolicyFromUserRequest(policy))
  await ram.deleteUser(new DeleteUserRequest({ userName }))
  assert.equal(await refused(ram.getUser(new GetUserRequest({ userName }))), '404 EntityNotExist.User')
})

test('older clients send tags and lists as numbered parameters', async () => {
  const { call } = vendorClients(cloud)
  const rpc = (action: string, query: Record<string, string>) => call({ action, version: '2015-05-01', query })
  const names = { ResourceType: 'role', 'ResourceNames.1': 'acr-nopass-deploy', 'ResourceNames.2': 'gpu-nodes' }
  await rpc('TagResources', { ...names, 'Tag.1.Key': 'a', 'Tag.1.Value': '1', 'Tag.2.Key': 'b' })
  await rpc('UntagResources', { ResourceType: 'role', 'ResourceNames.1': 'gpu-nodes', All: 'true' })
  const { TagResources } = await rpc('ListTagResources', { ResourceType: 'role' })
  assert.deepEqual(
    (TagResources as readonly Record<string, string>[]).map(({ ResourceName, TagKey, TagValue }) => [
      ResourceName,
      TagKey,
      TagValue,
    ]),
    [
      ['acr-nopass-deploy', 'a', '1'],
      ['acr-nopass-deploy', 'b', ''],
    ],
  )
  assert.deepEqual(
    [
      await refused(rpc('TagResources', names)),
      await refused(rpc('TagResources', { ResourceType: 'role', 'Tag.1.Key': 'a' })),
      await refused(rpc('TagResources', { ...names, Tag: '[{"Value":"no key"}]' })),
      await refused(rpc('TagResources', { ...names, Tag: 'no json' })),
      await refused(rpc('TagResources', { ResourceType: 'role', ResourceNames: '[1]', 'Tag.1.Key': 'a' })),
      await refused(rpc('ListTagResources', { ResourceType: 'user' })),
    ],
    [
      '400 MissingTag',
      '400 MissingResourceNames',
      '400 InvalidParameter.Tag.Key',
      '400 InvalidParameter.Tag',
      '400 InvalidParameter.ResourceNames',
      '400 InvalidParameter.ResourceType',
    ],
  )
})

test('an identity provider for OIDC is created, listed, changed and deleted through IMS', async () => {
  const { call } = vendorClients(cloud)
  const ims = (action: string, query: Readonly<Record<string, string>> = {}) =>
    call({ action, version: '2019-08-15', query })
  const OIDCProviderName = 'gitlab'
  const created = await ims('CreateOIDCProvider', {
    OIDCProviderName,
    IssuerUrl: 'https://gitlab.example.com',
    ClientIds: 'a,b',
  })
  const provider = created.OIDCProvider as Record<string, unknown>
  assert.equal(provider.Arn, `acs:ram::${cloud.accountId}:oidc-provider/gitlab`)
  assert.equal(provider.ClientIds, 'a,b')
  const listed = (await ims('ListOIDCProviders')).OIDCProviders as {
    OIDCProvider: readonly { OIDCProviderName: string }[]
  }
  assert.deepEqual(
    listed.OIDCProvider.map((item) => item.OIDCProviderName),
    ['github-actions', 'gitlab'],
  )
  await ims('UpdateOIDCProvider', { OIDCProviderName, ClientIds: 'c' })
  const read = (await ims('GetOIDCProvider', { OIDCProviderName })).OIDCProvider as Record<string, unknown>
  assert.equal(read.ClientIds, 'c')
  assert.equal(
    await refused(ims('CreateOIDCProvider', { OIDCProviderName, IssuerUrl: 'https://x.example.com' })),
    '409 EntityAlreadyExists.OIDCProvider',
  )
  assert.equal(
    await refused(ims('CreateOIDCProvider', { OIDCProviderName: 'plain', IssuerUrl: 'http://x.example.com' })),
    '400 InvalidParameter.IssuerUrl',
  )
  await ims('DeleteOIDCProvider', { OIDCProviderName })
  assert.equal(await refused(ims('GetOIDCProvider', { OIDCProviderName })), '404 EntityNotExist.OIDCProvider')
})
