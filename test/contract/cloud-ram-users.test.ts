import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AttachPolicyToUserRequest,
  CreateAccessKeyRequest,
  CreateUserRequest,
  DetachPolicyFromUserRequest,
  GetRoleRequest,
} from '@alicloud/ram20150501'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { refused, type VendorClients, vendorClients } from '../support/cloud/vendor-sdk.ts'

let cloud: Cloud
let ram: VendorClients['ram']
before(async () => {
  cloud = await startCloud()
  ram = vendorClients(cloud).ram
})
after(() => cloud.stop())

test('a user with an access key: works with the rights of its policies, stops when disabled', async () => {
  const userName = 'robot'
  await ram.createUser(new CreateUserRequest({ userName }))
  assert.equal(await refused(ram.createUser(new CreateUserRequest({ userName }))), '409 EntityAlreadyExists.User')
  const created = await ram.createAccessKey(new CreateAccessKeyRequest({ userName }))
  const { accessKeyId = '', accessKeySecret = '' } = created.body?.accessKey ?? {}
  const robot = vendorClients(cloud, { accessKeyId, accessKeySecret }).ram
  const read = () => robot.getRole(new GetRoleRequest({ roleName: 'acr-nopass-deploy' }))
  assert.equal(await refused(read()), '403 NoPermission')
  const policy = { policyName: 'AliyunRAMReadOnlyAccess', policyType: 'System', userName }
  await ram.attachPolicyToUser(new AttachPolicyToUserRequest(policy))
  assert.equal((await read()).body?.role?.roleName, 'acr-nopass-deploy')
  await ram.detachPolicyFromUser(new DetachPolicyFromUserRequest(policy))
  assert.equal(await refused(read()), '403 NoPermission')
  cloud.control.disableAccessKey(accessKeyId)
  assert.equal(await refused(read()), '403 InvalidAccessKeyId.Inactive')
})

test('tags are set and listed by type and name, and rejected if they are malformed', async () => {
  const { call } = vendorClients(cloud)
  const rpc = (action: string, query: Record<string, string>) => call({ action, version: '2015-05-01', query })
  const names = { ResourceType: 'role', ResourceNames: '["acr-nopass-deploy","gpu-nodes"]' }
  await rpc('TagResources', { ...names, Tag: '[{"Key":"a","Value":"1"},{"Key":"b"}]' })
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
      ['gpu-nodes', 'a', '1'],
      ['gpu-nodes', 'b', ''],
    ],
  )
  const Tag = '[{"Key":"a"}]'
  assert.deepEqual(
    [
      await refused(rpc('TagResources', names)),
      await refused(rpc('TagResources', { ResourceType: 'role', Tag })),
      await refused(rpc('TagResources', { ...names, Tag: '[{"Value":"no key"}]' })),
      await refused(rpc('TagResources', { ...names, Tag: 'no json' })),
      await refused(rpc('TagResources', { ResourceType: 'role', ResourceNames: '[1]', Tag })),
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
