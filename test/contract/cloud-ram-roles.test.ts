import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AttachPolicyToRoleRequest,
  CreatePolicyRequest,
  CreateRoleRequest,
  DeleteRoleRequest,
  DetachPolicyFromRoleRequest,
  GetRoleRequest,
  ListEntitiesForPolicyRequest,
  ListPoliciesForRoleRequest,
  ListTagResourcesRequest,
  TagResourcesRequest,
  UpdateRoleRequest,
} from '@alicloud/ram20150501'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, refused, type VendorClients, vendorClients } from '../support/cloud/vendor-sdk.ts'

const WORKER = 'KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6'
const TRUST = JSON.stringify({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }],
})

let cloud: Cloud
let ram: VendorClients['ram']
before(async () => {
  cloud = await startCloud()
  ram = vendorClients(cloud).ram
})
after(() => cloud.stop())

const createRole = (roleName: string, change: object = {}) =>
  ram.createRole(new CreateRoleRequest({ roleName, assumeRolePolicyDocument: TRUST, ...change }))
const createPolicy = (policyName: string) =>
  ram.createPolicy(new CreatePolicyRequest({ policyName, policyDocument: allow(['cr:Get*']) }))
const onRole = (policyName: string, roleName = WORKER, policyType = 'Custom') => ({ policyName, policyType, roleName })
const policiesOf = async (roleName: string): Promise<readonly (string | undefined)[]> => {
  const { body } = await ram.listPoliciesForRole(new ListPoliciesForRoleRequest({ roleName }))
  return (body?.policies?.policy ?? []).map(({ policyName, policyType }) => `${policyType}/${policyName}`)
}

test('a role is created, read, changed and deleted; its ARN is in lower case', async () => {
  const created = await createRole('My.Role-1', { description: 'd', maxSessionDuration: 7200 })
  assert.equal(created.body?.role?.arn, `acs:ram::${cloud.accountId}:role/my.role-1`)
  await ram.updateRole(
    new UpdateRoleRequest({ roleName: 'my.role-1', newDescription: 'e', newMaxSessionDuration: 3600 }),
  )
  const { body } = await ram.getRole(new GetRoleRequest({ roleName: 'My.Role-1' }))
  const { roleName, description, maxSessionDuration, assumeRolePolicyDocument } = body?.role ?? {}
  assert.deepEqual(
    [roleName, description, maxSessionDuration, assumeRolePolicyDocument],
    ['My.Role-1', 'e', 3600, TRUST],
  )
  await ram.deleteRole(new DeleteRoleRequest({ roleName: 'My.Role-1' }))
  assert.equal(await refused(ram.getRole(new GetRoleRequest({ roleName: 'My.Role-1' }))), '404 EntityNotExist.Role')
})

test('roles that exist, do not exist, or are malformed are rejected with their codes', async () => {
  const trust = (statement: object) => ({
    assumeRolePolicyDocument: JSON.stringify({
      Version: '1',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...statement }],
    }),
  })
  assert.deepEqual(
    {
      again: await refused(createRole(WORKER)),
      noPrincipal: await refused(createRole('r', trust({}))),
      wrongPrincipal: await refused(createRole('r', trust({ Principal: { AWS: ['x'] } }))),
      resource: await refused(createRole('r', trust({ Principal: { Service: ['ecs.aliyuncs.com'] }, Resource: '*' }))),
      name: await refused(createRole('a_b')),
      long: await refused(createRole('x'.repeat(65))),
      session: await refused(createRole('r', { maxSessionDuration: 43_201 })),
      update: await refused(ram.updateRole(new UpdateRoleRequest({ roleName: 'nowhere' }))),
      delete: await refused(ram.deleteRole(new DeleteRoleRequest({ roleName: 'nowhere' }))),
      list: await refused(ram.listPoliciesForRole(new ListPoliciesForRoleRequest({ roleName: 'nowhere' }))),
      missing: await refused(ram.getRole(new GetRoleRequest({}))),
    },
    {
      again: '409 EntityAlreadyExists.Role',
      noPrincipal: '400 MalformedPolicyDocument',
      wrongPrincipal: '400 MalformedPolicyDocument',
      resource: '400 MalformedPolicyDocument',
      name: '400 InvalidParameter.RoleName.InvalidChars',
      long: '400 InvalidParameter.RoleName.Length',
      session: '400 InvalidParameter.MaxSessionDuration',
      update: '404 EntityNotExist.Role',
      delete: '404 EntityNotExist.Role',
      list: '404 EntityNotExist.Role',
      missing: '400 MissingRoleName',
    },
  )
})

test('a policy is attached once, listed from both sides, detached once; a role with policies cannot be deleted', async () => {
  await createPolicy('attached')
  await createRole('holder')
  const request = onRole('attached', 'holder')
  await ram.attachPolicyToRole(new AttachPolicyToRoleRequest(request))
  await ram.attachPolicyToRole(new AttachPolicyToRoleRequest(onRole('ReadOnlyAccess', 'holder', 'System')))
  assert.deepEqual(await policiesOf('holder'), ['Custom/attached', 'System/ReadOnlyAccess'])
  const entities = await ram.listEntitiesForPolicy(
    new ListEntitiesForPolicyRequest({ policyName: 'attached', policyType: 'Custom' }),
  )
  assert.deepEqual(
    (entities.body?.roles?.role ?? []).map(({ roleName }) => roleName),
    ['holder'],
  )
  assert.deepEqual(entities.body?.users?.user, [])
  assert.equal(
    await refused(ram.attachPolicyToRole(new AttachPolicyToRoleRequest(request))),
    '409 EntityAlreadyExists.Role.Policy',
  )
  assert.equal(
    await refused(ram.deleteRole(new DeleteRoleRequest({ roleName: 'holder' }))),
    '409 DeleteConflict.Role.Policy',
  )
  await ram.detachPolicyFromRole(new DetachPolicyFromRoleRequest(request))
  assert.equal(
    await refused(ram.detachPolicyFromRole(new DetachPolicyFromRoleRequest(request))),
    '404 EntityNotExist.Role.Policy',
  )
  assert.deepEqual(await policiesOf('holder'), ['System/ReadOnlyAccess'])
})

test('attaching requires an existing role and policy, and at most ten custom policies', async () => {
  await createRole('full')
  for (let count = 1; count <= 11; count += 1) await createPolicy(`limit-${count}`)
  for (let count = 1; count <= 10; count += 1) {
    await ram.attachPolicyToRole(new AttachPolicyToRoleRequest(onRole(`limit-${count}`, 'full')))
  }
  const attach = (request: object) => refused(ram.attachPolicyToRole(new AttachPolicyToRoleRequest(request)))
  assert.deepEqual(
    [
      await attach(onRole('limit-11', 'full')),
      await attach(onRole('nowhere')),
      await attach(onRole('limit-1', 'nowhere')),
      await attach(onRole('limit-1', WORKER, 'System')),
    ],
    [
      '409 LimitExceeded.Role.Policy',
      '404 EntityNotExist.Policy',
      '404 EntityNotExist.Role',
      '404 EntityNotExist.Policy',
    ],
  )
})

test('roles and policies have tags, which can be listed and added', async () => {
  await createRole('tagged', { tag: [{ key: 'owner', value: 'acr-nopass' }] })
  const role = { resourceType: 'role', resourceNames: ['tagged'] }
  await ram.tagResources(new TagResourcesRequest({ ...role, tag: [{ key: 'stage', value: 'prod' }] }))
  const tags = async (): Promise<readonly string[]> => {
    const { body } = await ram.listTagResources(new ListTagResourcesRequest(role))
    return (body?.tagResources ?? []).map(({ tagKey, tagValue }) => `${tagKey}=${tagValue}`)
  }
  assert.deepEqual(await tags(), ['owner=acr-nopass', 'stage=prod'])
  const nowhere = new TagResourcesRequest({ ...role, resourceNames: ['nowhere'], tag: [{ key: 'a', value: 'b' }] })
  assert.equal(await refused(ram.tagResources(nowhere)), '404 EntityNotExist.Role')
})
