import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenApiUtil } from '@alicloud/openapi-core'
import fc from 'fast-check'
import { canonicalQuery, cloudTimestamp, signRequest } from '../../src/alibaba/transport/signature.ts'

const moment = { at: new Date('2023-10-26T10:22:32.417Z'), nonce: '3156853299f313e23d1673dc12e1703d' }

test('a request is signed exactly as in the published example of the V3 signature', () => {
  const request = {
    method: 'POST',
    host: 'ecs.cn-shanghai.aliyuncs.com',
    path: '/',
    query: { ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd', RegionId: 'cn-shanghai' },
    body: '',
    headers: {},
    action: 'RunInstances',
    version: '2014-05-26',
  }
  const credentials = { accessKeyId: 'YourAccessKeyId', accessKeySecret: 'YourAccessKeySecret' }
  assert.equal(
    signRequest(request, credentials, moment).authorization,
    'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  )
})

test("any request gets the same signature as from the vendor's SDK", () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed())
  const segment = fc.stringMatching(/^[A-Za-z0-9_.~-]{1,20}$/)
  const requests = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
    host: fc.constantFrom('cr.cn-hangzhou.aliyuncs.com', '127.0.0.1:8443'),
    path: fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    query: fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,20}$/), text, { maxKeys: 6 }),
    body: fc.string({ maxLength: 60 }),
    action: segment,
    version: fc.constant('2015-05-01'),
    headers: fc.constantFrom({}, { 'content-type': 'application/x-www-form-urlencoded' }),
  })
  const keys = fc.record({
    accessKeyId: fc.stringMatching(/^[A-Za-z0-9.]{8,24}$/),
    accessKeySecret: fc.stringMatching(/^[A-Za-z0-9]{20,40}$/),
    securityToken: fc.option(fc.stringMatching(/^[A-Za-z0-9+/=]{20,80}$/), { nil: undefined }),
  })
  fc.assert(
    fc.property(requests, keys, (request, { securityToken, ...key }) => {
      const credentials = { ...key, ...(securityToken !== undefined && { securityToken }) }
      const headers = signRequest(request, credentials, moment)
      const { authorization, ...signed } = headers
      const theirs = OpenApiUtil.getAuthorization(
        { method: request.method, pathname: request.path, query: request.query, headers: signed } as never,
        'ACS3-HMAC-SHA256',
        signed['x-acs-content-sha256'] ?? '',
        credentials.accessKeyId,
        credentials.accessKeySecret,
      )
      assert.equal(authorization, theirs)
    }),
    { numRuns: 300 },
  )
})

test('a session signs with its token in a signed header', () => {
  const request = { method: 'GET', host: 'h', path: '/', query: {}, body: '', headers: {}, action: 'A', version: 'V' }
  const credentials = { accessKeyId: 'STS.key', accessKeySecret: 'secret', securityToken: 'token' }
  const headers = signRequest(request, credentials, moment)
  assert.equal(headers['x-acs-security-token'], 'token')
  assert.match(headers.authorization ?? '', /SignedHeaders=host;x-acs-accesskey-id;.*;x-acs-security-token;/)
  assert.doesNotMatch(JSON.stringify(headers), /secret/)
})

test('what is sent is what was signed: parameters come back unchanged when a server parses them', () => {
  const value = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed())
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,10}$/), value, { maxKeys: 5 }), (parameters) => {
      assert.deepEqual({ ...Object.fromEntries(new URLSearchParams(canonicalQuery(parameters))) }, { ...parameters })
    }),
  )
})

test('undefined parameters are omitted and timestamps have no milliseconds', () => {
  assert.equal(canonicalQuery({ b: true, a: 1, none: undefined }), 'a=1&b=true')
  assert.equal(cloudTimestamp(moment.at), '2023-10-26T10:22:32Z')
})
