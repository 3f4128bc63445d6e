import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { CreateRoleRequest, GetPolicyRequest } from '@alicloud/ram20150501'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import { type Cloud, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, type Keys, refusal, vendorClients } from '../support/cloud/vendor-sdk.ts'

/**
 * Sources: "How RAM evaluates policies"
 * (https://www.alibabacloud.com/help/en/ram/policy-evaluation-process) says that control policies
 * come first, and apply to all users and roles of a member account. FullAliyunAccess is attached to
 * each member (AttachControlPolicy). The condition keys of CreateRole:
 * https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createrole. The
 * response: AccessDeniedDetail in the vendor's SDKs, such as
 * CancelIProductionJobResponseBodyAccessDeniedDetail.
 */
let cloud: Cloud
before(async () => {
  cloud = await startCloud()
})
after(() => cloud.stop())
afterEach(() => cloud.control.limit())

const deny = (action: string, more: object = {}) => ({
  Version: '1',
  Statement: [{ Effect: 'Deny', Action: action, Resource: '*', ...more }],
})
const trust = (principal: object): string =>
  JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: principal }] })
const createRole = (roleName: string, principal: object) =>
  vendorClients(cloud).ram.createRole(new CreateRoleRequest({ roleName, assumeRolePolicyDocument: trust(principal) }))
const getPolicy = (keys?: Keys) =>
  vendorClients(cloud, keys).ram.getPolicy(new GetPolicyRequest({ policyName: 'ReadOnlyAccess', policyType: 'System' }))
const detailOf = async (call: Promise<unknown>) => {
  const { status, code, body } = await refusal(call)
  const { PolicyType, NoPermissionType, AuthAction } = body.AccessDeniedDetail as Record<string, unknown>
  return [status, code, PolicyType, NoPermissionType, AuthAction]
}

test('a control policy denies an action to the administrator and to roles, and nothing else', async () => {
  cloud.control.putRole('reader', JSON.parse(trust({ RAM: [`acs:ram::${cloud.accountId}:root`] })))
  cloud.control.grant('reader', 'read', JSON.parse(allow(['ram:*'])))
  const request = { roleArn: `acs:ram::${cloud.accountId}:role/reader`, roleSessionName: 'me' }
  const { body } = await vendorClients(cloud).sts.assumeRole(new AssumeRoleRequest(request))
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  const session = { accessKeyId, accessKeySecret, securityToken }
  cloud.control.limit(deny('ram:CreateRole'), deny('ram:GetPolicy'))
  const expected = [403, 'NoPermission', 'ControlPolicy', 'ExplicitDeny', 'ram:GetPolicy']
  assert.deepEqual(await detailOf(getPolicy()), expected)
  assert.deepEqual(await detailOf(getPolicy(session)), expected)
  cloud.control.limit(deny('ram:CreateRole'))
  await getPolicy()
  await getPolicy(session)
})

test("a control policy grants nothing: an action that no policy of the identity allows stays denied by the identity's policies", async () => {
  cloud.control.limit(JSON.parse(allow(['*'])))
  const auditor = cloud.accessKeyOf('auditor')
  const list = vendorClients(cloud, auditor).call({ action: 'ListInstance', version: '2018-12-01' })
  assert.deepEqual(await detailOf(list), [
    403,
    'NoPermission',
    'AccountLevelIdentityBasedPolicy',
    'ImplicitDeny',
    'cr:ListInstance',
  ])
})

test('a guardrail distinguishes roles by the kind and the service that they trust', async () => {
  const condition = (key: string, value: string) => ({ Condition: { StringEquals: { [key]: value } } })
  cloud.control.limit(deny('ram:CreateRole', condition('ram:TrustedPrincipalTypes', 'Federated')))
  const federated = { Federated: [`acs:ram::${cloud.accountId}:oidc-provider/github-actions`] }
  assert.deepEqual(await detailOf(createRole('for-github', federated)), [
    403,
    'NoPermission',
    'ControlPolicy',
    'ExplicitDeny',
    'ram:CreateRole',
  ])
  await createRole('for-ecs', { Service: ['ecs.aliyuncs.com'] })
  cloud.control.limit(deny('ram:CreateRole', condition('ram:ServiceNames', 'ecs.aliyuncs.com')))
  await createRole('for-github', federated)
  assert.equal((await refusal(createRole('for-ecs-too', { Service: ['ecs.aliyuncs.com'] }))).code, 'NoPermission')
})

test('a role that does not trust the caller is denied by its trust policy', async () => {
  cloud.control.putRole('other', JSON.parse(trust({ Service: ['ecs.aliyuncs.com'] })))
  const request = { roleArn: `acs:ram::${cloud.accountId}:role/other`, roleSessionName: 'me' }
  const denied = vendorClients(cloud).sts.assumeRole(new AssumeRoleRequest(request))
  assert.deepEqual(await detailOf(denied), [403, 'NoPermission', 'AssumeRolePolicy', 'ImplicitDeny', 'sts:AssumeRole'])
})

test('the error names a denied user by its ID, and a denied role by its name and session', async () => {
  const { body } = await refusal(
    vendorClients(cloud, cloud.accessKeyOf('auditor')).call({ action: 'ListInstance', version: '2018-12-01' }),
  )
  const { AuthPrincipalDisplayName, AuthPrincipalType } = body.AccessDeniedDetail as Record<string, unknown>
  const caller = await vendorClients(cloud, cloud.accessKeyOf('auditor')).sts.getCallerIdentity()
  assert.deepEqual([AuthPrincipalDisplayName, AuthPrincipalType], [caller.body?.userId, 'SubUser'])
})
