import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

const ROLE = 'KubernetesWorkerRole-5f3c1a9e-7d42-4b8f-9c60-2ab1e0d4f731'
const CREDENTIALS = '/latest/meta-data/ram/security-credentials/'

let cloud: Cloud
let now = Date.now()
before(async () => {
  cloud = await startCloud({ clock: () => now })
})
after(() => cloud.stop())

const get = async (path: string, headers: Record<string, string> = {}, base = cloud.endpoints.imds) => {
  const response = await fetch(`${base}${path}`, { headers })
  return { status: response.status, text: await response.text() }
}
const newToken = async (seconds = '60', method = 'PUT', base = cloud.endpoints.imds) => {
  const headers = { 'X-aliyun-ecs-metadata-token-ttl-seconds': seconds }
  const response = await fetch(`${base}/latest/api/token`, { method, headers })
  return { status: response.status, text: await response.text() }
}
const withToken = async (base = cloud.endpoints.imds): Promise<Record<string, string>> => {
  return { 'X-aliyun-ecs-metadata-token': (await newToken('60', 'PUT', base)).text }
}

test('with a token, an instance reads its role and gets a session of it', async () => {
  const token = await withToken()
  assert.deepEqual(await get(CREDENTIALS, token), { status: 200, text: ROLE })
  assert.deepEqual(await get('/latest/meta-data/region-id', token), { status: 200, text: 'cn-hangzhou' })
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration, Code } = JSON.parse(
    (await get(CREDENTIALS + ROLE, token)).text,
  )
  assert.equal(Code, 'Success')
  assert.equal(Expiration.length, 20)
  const keys = { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken }
  const { body } = await vendorClients(cloud, keys).sts.getCallerIdentity()
  assert.match(body?.arn ?? '', new RegExp(`^acs:ram::${cloud.accountId}:assumed-role/${ROLE.toLowerCase()}/vm-ram-i-`))
})

test('without a token, or with a wrong or expired one, the response is 403; version 1 can be enabled', async () => {
  const token = await withToken()
  assert.equal((await get(CREDENTIALS)).status, 403)
  assert.equal((await get(CREDENTIALS, { 'X-aliyun-ecs-metadata-token': 'guess' })).status, 403)
  assert.equal((await get(CREDENTIALS, token)).status, 200)
  now += 61_000
  assert.equal((await get(CREDENTIALS, token)).status, 403)
  cloud.control.allowImdsV1(true)
  assert.deepEqual(await get(CREDENTIALS), { status: 200, text: ROLE })
  cloud.control.allowImdsV1(false)
  assert.equal((await get(CREDENTIALS)).status, 403)
})

test('a token is requested with PUT and a lifetime of 1 to 21600 seconds', async () => {
  assert.deepEqual(
    [
      (await newToken('0')).status,
      (await newToken('21601')).status,
      (await newToken('x')).status,
      (await newToken('60', 'GET')).status,
    ],
    [400, 400, 400, 405],
  )
})

test('all callers share one session, until a sixth of its lifetime is left', async () => {
  const key = async () => JSON.parse((await get(CREDENTIALS + ROLE, await withToken())).text).AccessKeyId
  const first = await key()
  now += 4 * 3_600_000
  assert.equal(await key(), first)
  now += 1.1 * 3_600_000
  assert.notEqual(await key(), first)
})

test('each node has its own metadata; a path or role that does not exist, or does not trust ECS, is 404', async () => {
  const base = await cloud.imdsFor('gpu-nodes')
  const token = await withToken(base)
  assert.deepEqual(await get(CREDENTIALS, token, base), { status: 200, text: 'gpu-nodes' })
  assert.equal((await get(CREDENTIALS + ROLE, token, base)).status, 404)
  assert.equal((await get('/latest/meta-data/nothing', token, base)).status, 404)
  for (const unfit of ['no-such-role', 'acr-nopass-deploy']) {
    const other = await cloud.imdsFor(unfit)
    assert.equal((await get(CREDENTIALS, await withToken(other), other)).status, 404, unfit)
  }
})

// Source: https://www.alibabacloud.com/help/en/eci/user-guide/assign-a-ram-role-to-a-pod. The
// annotation of a Pod names the Pod's role, and the role must trust ECS.
test('on ECI each role has its own session, and a Pod without a role has none', async () => {
  const roles: (string | undefined)[] = []
  const base = await cloud.imdsFor(() => roles.shift())
  const token = await withToken(base)
  const as = async (role: string | undefined, path = '') => {
    roles.push(role)
    return get(CREDENTIALS + path, token, base)
  }
  assert.deepEqual(await as('gpu-nodes'), { status: 200, text: 'gpu-nodes' })
  const keyOf = async (role: string) => JSON.parse((await as(role, role)).text).AccessKeyId
  assert.equal(await keyOf('gpu-nodes'), await keyOf('gpu-nodes'))
  assert.notEqual(await keyOf('gpu-nodes'), await keyOf(ROLE))
  assert.equal((await as(undefined)).status, 404)
  assert.equal((await as(undefined, 'gpu-nodes')).status, 404)
  assert.equal((await as(ROLE, 'gpu-nodes')).status, 404)
  assert.equal((await as('acr-nopass-deploy')).status, 404, 'a role that does not trust ECS')
})

test('a newly created worker role cannot get a registry token; the log records who requested what', async () => {
  const { AccessKeyId, AccessKeySecret, SecurityToken } = JSON.parse(
    (await get(CREDENTIALS + ROLE, await withToken())).text,
  )
  now = Date.now()
  const keys = { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken }
  const query = { InstanceId: cloud.instances[0]?.id ?? '' }
  const call = vendorClients(cloud, keys).call({ action: 'GetAuthorizationToken', version: '2018-12-01', query })
  assert.equal(await refused(call), '403 NoPermission')
  const { at: _at, requestId: _requestId, ...record } = cloud.calls.at(-1) ?? {}
  assert.deepEqual(record, {
    product: 'cr',
    action: 'GetAuthorizationToken',
    principal: `acs:ram::${cloud.accountId}:assumed-role/${ROLE.toLowerCase()}/vm-ram-i-bp1emulated`,
    status: 403,
    code: 'NoPermission',
    write: false,
  })
})

test('a node without a role has none, although the account has one that trusts ECS', async () => {
  const trust = {
    Version: '1' as const,
    Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow' as const, Principal: { Service: ['ecs.aliyuncs.com'] } }],
  }
  const clusters = [{ id: `c${'0'.repeat(32)}`, name: 'demo', region: 'cn-hangzhou', kind: 'serverless' as const }]
  const users = [{ name: 'admin', administrator: true, policies: { system: ['AdministratorAccess'] } }]
  const accounts = [{ id: '1234567890123456', users, roles: [{ name: 'Unrelated', trust, policies: {} }], clusters }]
  const other = await startCloud({ seed: { accounts } })
  try {
    const token = await withToken(other.endpoints.imds)
    assert.equal((await get(CREDENTIALS, token, other.endpoints.imds)).status, 404)
  } finally {
    await other.stop()
  }
})
