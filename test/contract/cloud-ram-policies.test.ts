import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AttachPolicyToRoleRequest,
  AttachPolicyToUserRequest,
  CreatePolicyRequest,
  CreatePolicyVersionRequest,
  DeletePolicyRequest,
  DetachPolicyFromRoleRequest,
  DetachPolicyFromUserRequest,
  GetPolicyRequest,
  ListPolicyVersionsRequest,
  ListTagResourcesRequest,
  UpdatePolicyDescriptionRequest,
} from '@alicloud/ram20150501'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, refusal, refused, type VendorClients, vendorClients } from '../support/cloud/vendor-sdk.ts'

const WORKER = 'KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6'
const ROTATE = 'DeleteOldestNonDefaultVersionWhenLimitExceeded'

let cloud: Cloud
let ram: VendorClients['ram']
before(async () => {
  cloud = await startCloud()
  ram = vendorClients(cloud).ram
})
after(() => cloud.stop())

const create = (policyName: string, policyDocument = allow(['cr:GetAuthorizationToken'])) =>
  ram.createPolicy(new CreatePolicyRequest({ policyName, policyDocument }))
const version = (policyName: string, extra: object = {}) =>
  ram.createPolicyVersion(new CreatePolicyVersionRequest({ policyName, policyDocument: allow(['cr:Get*']), ...extra }))
const get = (policyName: string, policyType = 'Custom') =>
  ram.getPolicy(new GetPolicyRequest({ policyName, policyType }))
const versionIds = async (policyName: string): Promise<string> => {
  const { body } = await ram.listPolicyVersions(new ListPolicyVersionsRequest({ policyName, policyType: 'Custom' }))
  const versions = body?.policyVersions?.policyVersion ?? []
  return versions.map(({ versionId, isDefaultVersion }) => `${versionId}${isDefaultVersion ? '*' : ''}`).join(' ')
}

test('a created policy is read back byte for byte, with its description, tags and dates', async () => {
  const policyDocument = allow(['cr:Get*', 'cr:List*'], ['acs:cr:*:*:instance/cri-1', '*'])
  const tag = [{ key: 'acr-nopass', value: 'yes & no / ü' }]
  const created = await ram.createPolicy(
    new CreatePolicyRequest({ policyName: 'read-back', policyDocument, description: 'é*()~', tag }),
  )
  assert.equal(created.body?.policy?.defaultVersion, 'v1')
  const { body } = await get('Read-Back')
  assert.equal(body?.defaultPolicyVersion?.policyDocument, policyDocument)
  assert.deepEqual(
    [body?.policy?.policyName, body?.policy?.policyType, body?.policy?.description, body?.policy?.attachmentCount],
    ['read-back', 'Custom', 'é*()~', 0],
  )
  assert.match(body?.policy?.createDate ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const listed = await ram.listTagResources(
    new ListTagResourcesRequest({ resourceType: 'policy', resourceNames: ['read-back'] }),
  )
  assert.deepEqual(
    (listed.body?.tagResources ?? []).map(({ tagKey, tagValue }) => [tagKey, tagValue]),
    [['acr-nopass', 'yes & no / ü']],
  )
  await ram.updatePolicyDescription(
    new UpdatePolicyDescriptionRequest({ policyName: 'read-back', newDescription: 'new' }),
  )
  assert.equal((await get('read-back')).body?.policy?.description, 'new')
})

test('versions: a new one takes effect only as default', async () => {
  await create('versions')
  assert.equal((await version('versions')).body?.policyVersion?.versionId, 'v2')
  assert.equal(await versionIds('versions'), 'v1* v2')
  await version('versions', { setAsDefault: true })
  assert.equal(await versionIds('versions'), 'v1 v2 v3*')
})

test('the sixth version is rejected, unless the oldest non-default version may be deleted', async () => {
  await create('five')
  for (let count = 2; count <= 5; count += 1) await version('five')
  assert.equal(await refused(version('five')), '409 LimitExceeded.Policy.Version')
  assert.equal(await refused(version('five', { rotateStrategy: 'None' })), '409 LimitExceeded.Policy.Version')
  await version('five', { rotateStrategy: ROTATE })
  assert.equal(await versionIds('five'), 'v1* v3 v4 v5 v6')
  for (let count = 0; count < 3; count += 1) await version('five', { setAsDefault: true, rotateStrategy: ROTATE })
  assert.equal(await versionIds('five'), 'v5 v6 v7 v8 v9*')
})

test('a missing object is rejected with 404, an existing one with 409', async () => {
  await create('twice')
  assert.deepEqual(
    {
      get: await refused(get('nowhere')),
      system: await refused(get('AliyunNoSuchAccess', 'System')),
      newVersion: await refused(version('nowhere')),
      delete: await refused(ram.deletePolicy(new DeletePolicyRequest({ policyName: 'nowhere' }))),
      again: await refused(create('twice')),
      otherCase: await refused(create('TWICE')),
    },
    {
      get: '404 EntityNotExist.Policy',
      system: '404 EntityNotExist.Policy',
      newVersion: '404 EntityNotExist.Policy',
      delete: '404 EntityNotExist.Policy',
      again: '409 EntityAlreadyExists.Policy',
      otherCase: '409 EntityAlreadyExists.Policy',
    },
  )
})

test('a policy that is in use or has further versions can only be deleted after them', async () => {
  await create('busy')
  await version('busy')
  const attachment = { policyName: 'busy', policyType: 'Custom', roleName: WORKER }
  await ram.attachPolicyToRole(new AttachPolicyToRoleRequest(attachment))
  const remove = (cascadingDelete = false) =>
    ram.deletePolicy(new DeletePolicyRequest({ policyName: 'busy', cascadingDelete }))
  assert.equal(await refused(remove()), '409 DeleteConflict.Policy.Role')
  await ram.detachPolicyFromRole(new DetachPolicyFromRoleRequest(attachment))
  assert.equal(await refused(remove()), '409 DeleteConflict.Policy.Version')
  const onUser = { policyName: 'busy', policyType: 'Custom', userName: 'auditor' }
  await ram.attachPolicyToUser(new AttachPolicyToUserRequest(onUser))
  assert.equal(await refused(remove(true)), '409 DeleteConflict.Policy.User')
  await ram.detachPolicyFromUser(new DetachPolicyFromUserRequest(onUser))
  await remove(true)
  assert.equal(await refused(get('busy')), '404 EntityNotExist.Policy')
})

test('system policies can be read', async () => {
  const { body } = await get('AliyunCSManagedAcrRolePolicy', 'System')
  assert.deepEqual(JSON.parse(body?.defaultPolicyVersion?.policyDocument ?? ''), {
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'],
        Resource: ['*'],
      },
    ],
  })
})

test('an error body has request, host, code, message and a link to the documentation', async () => {
  const { body, message } = await refusal(get('nowhere'))
  const { RequestId, ...rest } = body
  assert.match(String(RequestId), /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
  assert.equal(cloud.calls.at(-1)?.requestId, RequestId)
  assert.equal(message, 'The policy does not exist: nowhere .')
  assert.deepEqual(rest, {
    HostId: new URL(cloud.endpoints.ram).host,
    Code: 'EntityNotExist.Policy',
    Message: 'The policy does not exist: nowhere .',
    Recommend: 'https://api.aliyun.com/troubleshoot?q=EntityNotExist.Policy&product=Ram',
  })
})
