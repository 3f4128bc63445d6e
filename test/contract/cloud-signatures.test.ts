import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { CreatePolicyRequest, GetPolicyRequest } from '@alicloud/ram20150501'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import type { ApiRequest } from '../../sandbox/cloud/http/request.ts'
import { readSignature } from '../../sandbox/cloud/http/signature.ts'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { allow, type Keys, refused, vendorClients } from '../support/cloud/vendor-sdk.ts'

interface Recorded {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
}

/** Records what a vendor SDK really sends. The tests replay it, unchanged or modified. */
let recorder: http.Server
let last: Recorded
let cloud: Cloud
let now = Date.now()
before(async () => {
  cloud = await startCloud({ clock: () => now })
  recorder = http.createServer((request, response) => {
    last = { method: request.method ?? '', path: request.url ?? '', headers: request.headers }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  recorder.close()
  await cloud.stop()
})

const record = async (keys: Keys = cloud.administrator, signatureAlgorithm?: string): Promise<Recorded> => {
  const endpoint = `127.0.0.1:${(recorder.address() as AddressInfo).port}`
  const { ram } = vendorClients(cloud, keys, { endpoint, ...(signatureAlgorithm && { signatureAlgorithm }) })
  const policyDocument = allow(['cr:Get*'], ["acs:cr:*:*:repository/a b/(ü)!'~*"])
  await ram.createPolicy(new CreatePolicyRequest({ policyName: `p-${randomUUID()}`, policyDocument }))
  return last
}
const replay = async ({ method, path, headers }: Recorded): Promise<string> => {
  const { hostname, port } = new URL(cloud.endpoints.ram)
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString())
        assert.equal(response.headers['x-acs-request-id'], body.RequestId)
        resolve(`${response.statusCode} ${body.Code ?? 'ok'}`)
      })
    })
    request.on('error', reject)
    request.end()
  })
}
const withHeader = (request: Recorded, name: string, value: string | undefined): Recorded => {
  const { [name]: _old, ...headers } = request.headers
  return { ...request, headers: { ...headers, ...(value !== undefined && { [name]: value }) } }
}
const session = async (): Promise<Keys> => {
  cloud.control.putRole('r', {
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${cloud.accountId}:root`] } },
    ],
  })
  cloud.control.grant('r', 'all', JSON.parse(allow(['*'])))
  const request = new AssumeRoleRequest({ roleArn: `acs:ram::${cloud.accountId}:role/r`, roleSessionName: 'ss' })
  const { body } = await vendorClients(cloud).sts.assumeRole(request)
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  return { accessKeyId, accessKeySecret, securityToken }
}

test('the two signature examples that Alibaba publishes verify, and fail with any other secret', () => {
  const request = (change: Partial<ApiRequest>): ApiRequest => {
    const query = change.query ?? []
    const base = {
      path: '/',
      headers: {},
      body: Buffer.alloc(0),
      scopes: [],
      secure: false,
      remoteAddress: '127.0.0.1',
    }
    return { method: 'POST', ...base, parameters: new Map(query), ...change, query }
  }
  const acs3 = readSignature(
    request({
      query: [
        ['ImageId', 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd'],
        ['RegionId', 'cn-shanghai'],
      ],
      headers: {
        host: 'ecs.cn-shanghai.aliyuncs.com',
        'x-acs-action': 'RunInstances',
        'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        'x-acs-date': '2023-10-26T10:22:32Z',
        'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
        'x-acs-version': '2014-05-26',
        authorization:
          'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;' +
          'x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
      },
    }),
  )
  assert.deepEqual([acs3?.matches('YourAccessKeySecret'), acs3?.matches('AnotherSecret')], [true, false])
  const v1 = readSignature(
    request({
      method: 'GET',
      query: [
        ['Timestamp', '2016-02-23T12:46:24Z'],
        ['Format', 'XML'],
        ['AccessKeyId', 'testid'],
        ['Action', 'DescribeRegions'],
        ['SignatureMethod', 'HMAC-SHA1'],
        ['SignatureNonce', '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf'],
        ['Version', '2014-05-26'],
        ['SignatureVersion', '1.0'],
        ['Signature', 'OLeaidS1JvxuMvnyHOwuJ+uX5qY='],
      ],
    }),
  )
  assert.deepEqual([v1?.matches('testsecret'), v1?.matches('Testsecret')], [true, false])
})

for (const algorithm of ['ACS3-HMAC-SHA256', 'HMAC-SHA1']) {
  const choice = algorithm === 'HMAC-SHA1' ? 'v2' : undefined

  test(`${algorithm}: a request of the SDK is accepted once, and rejected as a replay`, async () => {
    const request = await record(cloud.administrator, choice)
    assert.equal(await replay(request), '200 ok')
    assert.equal(await replay(request), '400 SignatureNonceUsed')
  })

  test(`${algorithm}: a wrong secret, an unknown key, a changed request are rejected`, async () => {
    const { accessKeyId, accessKeySecret } = cloud.administrator
    const wrong = await record({ accessKeyId, accessKeySecret: `${accessKeySecret.slice(0, -1)}?` }, choice)
    const unknown = await record({ accessKeyId: 'LTAI5tNobodyKnowsThisKey1', accessKeySecret }, choice)
    const good = await record(cloud.administrator, choice)
    const changed = { ...good, path: good.path.replace('PolicyName=p-', 'PolicyName=q-') }
    const added = { ...good, path: `${good.path}&Description=mine` }
    assert.deepEqual(
      [await replay(wrong), await replay(unknown), await replay(changed), await replay(added), await replay(good)],
      [
        '400 SignatureDoesNotMatch',
        '404 InvalidAccessKeyId.NotFound',
        '400 SignatureDoesNotMatch',
        '400 SignatureDoesNotMatch',
        '200 ok',
      ],
    )
  })

  test(`${algorithm}: a request older or newer than 15 minutes is rejected`, async () => {
    const request = await record(cloud.administrator, choice)
    now += 16 * 60_000
    assert.equal(await replay(request), '400 InvalidTimeStamp.Expired')
    now -= 32 * 60_000
    assert.equal(await replay(request), '400 InvalidTimeStamp.Expired')
    now += 16 * 60_000
    assert.equal(await replay(request), '200 ok')
  })
}

test('ACS3: every header of the API and the body must be covered by the signature', async () => {
  const good = await record()
  assert.equal(await replay(withHeader(good, 'x-acs-action', 'DeletePolicy')), '400 SignatureDoesNotMatch')
  assert.equal(await replay(withHeader(good, 'x-acs-extra', 'unsigned')), '400 SignatureDoesNotMatch')
  assert.equal(await replay(withHeader(good, 'x-acs-content-sha256', '0'.repeat(64))), '400 SignatureDoesNotMatch')
  assert.equal(await replay(withHeader(good, 'host', 'ram.aliyuncs.com')), '400 SignatureDoesNotMatch')
  assert.equal(await replay(withHeader(good, 'x-acs-date', 'yesterday')), '400 InvalidTimeStamp.Format')
  assert.equal(await replay(withHeader(good, 'authorization', undefined)), '400 MissingAccessKeyId')
  assert.equal(await replay(withHeader(good, 'authorization', 'Bearer abc')), '400 MissingAccessKeyId')
  assert.equal(await replay(withHeader(good, 'x-forwarded-for', '10.0.0.1')), '200 ok')
})

test('a session needs its own security token: a missing token, a forged token and a token of another session are rejected', async () => {
  const [one, two] = [await session(), await session()]
  const callWith = (keys: Keys) =>
    refused(
      vendorClients(cloud, keys).ram.getPolicy(new GetPolicyRequest({ policyName: 'none', policyType: 'Custom' })),
    )
  const { accessKeyId, accessKeySecret } = one
  assert.deepEqual(
    {
      own: await callWith(one),
      none: await callWith({ accessKeyId, accessKeySecret }),
      forged: await callWith({ ...one, securityToken: `${one.securityToken?.slice(0, -2)}xx` }),
      other: await callWith({ ...one, securityToken: two.securityToken ?? '' }),
      withUserKey: await callWith({ ...cloud.administrator, securityToken: one.securityToken ?? '' }),
      secret: await callWith({ ...one, accessKeySecret: two.accessKeySecret }),
    },
    {
      own: '404 EntityNotExist.Policy',
      none: '400 MissingSecurityToken',
      forged: '400 InvalidSecurityToken.Malformed',
      other: '400 InvalidSecurityToken.MismatchWithAccessKey',
      withUserKey: '400 InvalidSecurityToken.MismatchWithAccessKey',
      secret: '400 SignatureDoesNotMatch',
    },
  )
  cloud.control.expireSessions()
  assert.equal(await callWith(one), '400 InvalidSecurityToken.Expired')
})

test('a disabled access key is rejected', async () => {
  const keys = cloud.accessKeyOf('auditor')
  cloud.control.disableAccessKey(keys.accessKeyId)
  assert.equal(await refused(vendorClients(cloud, keys).sts.getCallerIdentity()), '403 InvalidAccessKeyId.Inactive')
})
