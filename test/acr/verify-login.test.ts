import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseChallenge } from '../../src/acr/token-service.ts'
import { type LoginVerdict, type VerifyLoginRequest, verifyLogin } from '../../src/acr/verify-login.ts'
import type { HttpRequest, HttpResponse } from '../../src/alibaba/transport/http-sender.ts'
import { REGIONS } from '../../src/values/checks/regions.ts'

const DOMAIN = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const REALM = 'https://dockerauth-ee.cn-hangzhou.aliyuncs.com/auth'
const request: VerifyLoginRequest = {
  domain: DOMAIN,
  username: 'cr_temp_user',
  password: 'token',
  issuedByAcr: true,
}

const bearer = (realm: string): HttpResponse => {
  return {
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="${realm}",service="registry.aliyuncs.com:cn-hangzhou:26842"` },
    text: '',
  }
}
/** The error format of the registry's own API (distribution-spec, "Error Codes"). */
const DENIED = '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'
const status = (code: number): HttpResponse => ({ status: code, headers: {}, text: '' })
/** https://distribution.github.io/distribution/spec/auth/token/ */
const issued: HttpResponse = { ...status(200), text: '{"token":"t"}' }

async function verify(responses: (HttpResponse | Error)[], changes: Partial<VerifyLoginRequest> = {}) {
  const sent: HttpRequest[] = []
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    const response = responses[sent.length]
    sent.push(request)
    if (response === undefined || response instanceof Error) throw response ?? new Error(`unexpected ${request.url}`)
    return response
  }
  return { verdict: await verifyLogin(send, { ...request, ...changes }), sent }
}

const rows: [why: string, responses: (HttpResponse | Error)[], result: LoginVerdict['result']][] = [
  ['a token', [bearer(REALM), issued], 'accepted'],
  ['a token as OAuth names it', [bearer(REALM), { ...status(200), text: '{"access_token":"t"}' }], 'accepted'],
  // A proxy that opens TLS may block the token service with a page of its own.
  ['a page in place of a token', [bearer(REALM), { ...status(200), text: '<html>blocked' }], 'unreachable'],
  ['an empty token', [bearer(REALM), { ...status(200), text: '{"token":""}' }], 'unreachable'],
  ['an empty response', [bearer(REALM), status(204)], 'unreachable'],
  ['a 401 from the token service', [bearer(REALM), status(401)], 'refused'],
  ['a 403 that rejects the login', [bearer(REALM), { ...status(403), text: DENIED }], 'refused'],
  ['a 403 from a proxy or gateway', [bearer(REALM), { ...status(403), text: '<html>' }], 'unreachable'],
  ['a throttled token service', [bearer(REALM), status(429)], 'unreachable'],
  ['an error of the token service', [bearer(REALM), status(503)], 'unreachable'],
  ['an error of the registry', [status(502)], 'unreachable'],
  ['no connection', [Object.assign(new Error('x'), { code: 'ECONNREFUSED' })], 'unreachable'],
  ['a registry that requires no login', [status(200)], 'skipped'],
  ['a 401 without a challenge', [status(401)], 'skipped'],
  // Causes: an access list of the public endpoint, and a custom domain behind a separate gateway.
  ['a 403 because of an access list', [status(403)], 'unreachable'],
  ['a custom domain’s gateway', [bearer('https://sso.acme.example/auth')], 'skipped'],
  [
    'the first of two challenges in one header',
    [
      {
        ...status(401),
        headers: { 'www-authenticate': `Bearer realm="${REALM}",service="s", Basic realm="Registry"` },
      },
      issued,
    ],
    'accepted',
  ],
]
for (const [why, responses, result] of rows) {
  test(`${why} means ${result}`, async () => {
    const { verdict } = await verify(responses)
    assert.equal(verdict.result, result)
    assert.doesNotMatch(verdict.detail, /token$|cr_temp_user/)
  })
}

test('the login is sent to the token service, with service and account, in a header', async () => {
  const { sent } = await verify([bearer(REALM), issued])
  assert.equal(sent[0]?.url.href, `https://${DOMAIN}/v2/`)
  assert.equal(sent[0]?.headers.authorization, undefined)
  assert.equal(sent[1]?.url.host, 'dockerauth-ee.cn-hangzhou.aliyuncs.com')
  assert.deepEqual(Object.fromEntries(sent[1]?.url.searchParams ?? []), {
    service: 'registry.aliyuncs.com:cn-hangzhou:26842',
    account: 'cr_temp_user',
  })
  assert.equal(sent[1]?.headers.authorization, `Basic ${Buffer.from('cr_temp_user:token').toString('base64')}`)
})

test('basic authentication is tried at the registry itself', async () => {
  const { verdict, sent } = await verify([
    { ...status(401), headers: { 'www-authenticate': 'Basic realm="Registry"' } },
    status(200),
  ])
  assert.equal(verdict.result, 'accepted')
  assert.equal(sent[1]?.url.href, `https://${DOMAIN}/v2/`)
})

// Realms that real registries return, each with its source. Another rule allows a loopback realm.
const realms: readonly [source: string, domain: string, realm: string][] = [
  [
    'help/en/doc-detail: Container Service Edge, domain names of edge nodes: "If the region is China (Zhangjiakou), change the public Docker endpoint to dockerauth-{region}.aliyuncs.com"',
    'demo-registry.cn-zhangjiakou.cr.aliyuncs.com',
    'https://dockerauth-cn-zhangjiakou.aliyuncs.com/auth',
  ],
  [
    'headers of a registry in 2018 and 2026, written down by users of public images: without a region',
    'registry.cn-hangzhou.aliyuncs.com',
    'https://dockerauth.aliyuncs.com/auth',
  ],
  [
    'the same page: dockerauth.{region} and dockerauth-ee.{region}',
    DOMAIN,
    'https://dockerauth-ee.cn-hangzhou.aliyuncs.com/auth',
  ],
  [
    'https://github.com/moby/buildkit/issues/6409 (debug log of 2025-12-11)',
    'crpi-abc.cn-shanghai.personal.cr.aliyuncs.com',
    'https://dockerauth.cn-hangzhou.aliyuncs.com/auth',
  ],
  [
    'a report of a time-out at docker login to a crpi registry in Guangzhou (public repository)',
    'crpi-abc.cn-guangzhou.personal.cr.aliyuncs.com',
    'https://dockerauth-cn-guangzhou.aliyuncs.com/auth',
  ],
  [
    'https://www.alibabacloud.com/blog/597957 (images from a VPC): dockerauth-vpc, dockerauth-ee-vpc',
    'demo-registry-vpc.cn-shenzhen.cr.aliyuncs.com',
    'https://dockerauth-ee-vpc.cn-shenzhen.aliyuncs.com/auth',
  ],
  [
    'the classic network, as registry-internal (github.com/mozillazg/docker-credential-acr-helper pkg/acr/registry.go)',
    'registry-internal.cn-qingdao.aliyuncs.com',
    'https://dockerauth-internal.cn-qingdao.aliyuncs.com/auth',
  ],
]
for (const [source, domain, realm] of realms) {
  for (const issuedByAcr of [true, false]) {
    test(`${domain} may name ${realm} (${issuedByAcr ? 'ACR’s login' : 'static'}; ${source})`, async () => {
      const { verdict, sent } = await verify([bearer(realm), issued], { domain, issuedByAcr })
      assert.equal(verdict.result, 'accepted')
      assert.equal(sent[1]?.url.host, new URL(realm).host)
    })
  }
}

test('a custom domain may name ACR’s token service for ACR’s login, and for no other', async () => {
  const domain = 'images.acme.example'
  assert.equal((await verify([bearer(REALM), issued], { domain })).verdict.result, 'accepted')
  const other = await verify([bearer(REALM)], { domain, issuedByAcr: false })
  assert.deepEqual([other.verdict.result, other.sent.length], ['skipped', 1])
})

const foreign = [
  'https://evil.example/auth',
  'http://dockerauth.cn-hangzhou.aliyuncs.com/auth',
  // An OSS bucket, which anyone can create.
  'https://dockerauth-x.oss-cn-hangzhou.aliyuncs.com/auth',
  'https://dockerauth.oss-cn-hangzhou.aliyuncs.com/auth',
  'https://dockerauth-ee.cn-nowhere-1.aliyuncs.com/auth',
  'https://dockerauth-eevpc.cn-hangzhou.aliyuncs.com/auth',
  'https://dockerauth-vpc-ee.cn-hangzhou.aliyuncs.com/auth',
  'https://dockerauth.cn-hangzhou.aliyuncs.com.evil.example/auth',
  'https://dockerauth.cn-hangzhou.aliyuncs.com:8443/auth',
  'https://dockerauth.cn-hangzhou.aliyuncs.com./auth',
  'https://user:secret@dockerauth.cn-hangzhou.aliyuncs.com/auth',
  'https://user@dockerauth.cn-hangzhou.aliyuncs.com/auth',
  'https://evil.example\\@dockerauth.cn-hangzhou.aliyuncs.com/auth',
  'https://xdockerauth.cn-hangzhou.aliyuncs.com/auth',
  'https://x.dockerauth.cn-hangzhou.aliyuncs.com/auth',
  'https://dockerauth.cn-hangzhou.fc.aliyuncs.com/auth',
  'https://127.0.0.1/auth',
  'no url',
]
for (const realm of foreign) {
  test(`P6 no password is sent to the token service ${realm}`, async () => {
    const { verdict, sent } = await verify([bearer(realm)])
    assert.equal(verdict.result, 'skipped')
    assert.equal(sent.length, 1)
  })
}

test('among generated realms, only the closed set ever gets a password', async () => {
  const label = fc.oneof(
    fc.constantFrom('dockerauth', 'dockerauth-ee', 'dockerauth-vpc', 'dockerauth-ee-vpc', 'dockerauth-cn-hangzhou'),
    fc.stringMatching(/^dockerauth[a-z0-9-]{0,12}$/),
    fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?$/),
  )
  const region = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...REGIONS) },
    fc.constantFrom('', 'aliyuncs', 'cn-hangzhou.evil'),
    fc.constantFrom(...REGIONS).map((name) => `oss-${name}`),
    fc.stringMatching(/^[a-z]{2}-[a-z]{2,8}(-[0-9])?$/),
  )
  const suffix = fc.oneof(
    { weight: 6, arbitrary: fc.constant('aliyuncs.com') },
    fc.constantFrom('aliyuncs.com.cn', 'aliyuncs.co', 'example.com'),
  )
  const host = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(label, region, suffix).map((parts) => parts.filter((part) => part !== '').join('.')),
    },
    fc.domain(),
  )
  // Not the product's list, but the rule by which the vendor builds its names.
  const isOfAcr = (name: string): boolean => {
    const [, dotted = '', dashed = ''] =
      /^dockerauth(?:(?:-ee)?(?:-vpc|-internal)?\.([a-z0-9-]+)|-([a-z0-9-]+))\.aliyuncs\.com$/.exec(name) ?? []
    return name === 'dockerauth.aliyuncs.com' || REGIONS.includes(dotted || dashed)
  }
  let allowed = 0
  await fc.assert(
    fc.asyncProperty(host, fc.boolean(), async (name, issuedByAcr) => {
      const { sent } = await verify([bearer(`https://${name}/auth`), issued], { issuedByAcr })
      const isOwn = isOfAcr(name) || name === DOMAIN
      if (isOwn) allowed += 1
      assert.equal(sent.length, isOwn ? 2 : 1, name)
      for (const one of sent.slice(1)) assert.equal(one.url.protocol, 'https:')
    }),
    { seed: 20261127, numRuns: 3000 },
  )
  assert.ok(allowed > 100, `only ${allowed} of the generated hosts are ACR's`)
})

test('a token service on the registry’s own host belongs to it', async () => {
  assert.equal((await verify([bearer(`https://${DOMAIN}/token`), issued])).verdict.result, 'accepted')
})

test('a registry on loopback is queried there, and may name a service only on loopback', async () => {
  const local = { registry: new URL('http://127.0.0.1:5000') }
  const { verdict, sent } = await verify([bearer('http://127.0.0.1:6000/auth'), issued], local)
  assert.equal(verdict.result, 'accepted')
  assert.deepEqual(
    sent.map(({ url }) => url.origin),
    ['http://127.0.0.1:5000', 'http://127.0.0.1:6000'],
  )
  assert.equal((await verify([bearer(REALM)], local)).verdict.result, 'skipped')
})

test('a domain with a namespace is queried at its host', async () => {
  assert.equal(
    (await verify([status(200)], { domain: 'images.example:8443/team' })).sent[0]?.url.href,
    'https://images.example:8443/v2/',
  )
})

test('a challenge is parsed with quotes, commas inside them and escapes', () => {
  assert.deepEqual(parseChallenge('Bearer realm="https://a/b?x=1,2", service="a \\"b\\"",scope=x'), {
    scheme: 'bearer',
    parameters: { realm: 'https://a/b?x=1,2', service: 'a "b"', scope: 'x' },
  })
  assert.equal(parseChallenge(undefined), undefined)
})
