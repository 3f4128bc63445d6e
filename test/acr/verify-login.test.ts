import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseChallenge } from '../../src/acr/challenge.ts'
import { type LoginVerdict, type VerifyLoginRequest, verifyLogin } from '../../src/acr/verify-login.ts'
import type { HttpAnswer, HttpRequest } from '../../src/alibaba/http-sender.ts'

const DOMAIN = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const REALM = 'https://dockerauth-ee.cn-hangzhou.aliyuncs.com/auth'
const request: VerifyLoginRequest = {
  domain: DOMAIN,
  username: 'cr_temp_user',
  password: 'token',
  region: 'cn-hangzhou',
}

const bearer = (realm: string): HttpAnswer => {
  return {
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="${realm}",service="registry.aliyuncs.com:cn-hangzhou:26842"` },
    text: '',
  }
}
const status = (code: number): HttpAnswer => ({ status: code, headers: {}, text: '' })

async function verify(answers: (HttpAnswer | Error)[], changes: Partial<VerifyLoginRequest> = {}) {
  const sent: HttpRequest[] = []
  const send = async (asked: HttpRequest): Promise<HttpAnswer> => {
    const answer = answers[sent.length]
    sent.push(asked)
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error(`unexpected ${asked.url}`)
    return answer
  }
  return { verdict: await verifyLogin(send, { ...request, ...changes }), sent }
}

const rows: [why: string, answers: (HttpAnswer | Error)[], result: LoginVerdict['result']][] = [
  ['a token', [bearer(REALM), status(200)], 'accepted'],
  ['401 by the token service', [bearer(REALM), status(401)], 'refused'],
  ['403 by the token service', [bearer(REALM), status(403)], 'refused'],
  ['an error of the token service', [bearer(REALM), status(503)], 'unreachable'],
  ['an error of the registry', [status(502)], 'unreachable'],
  ['no connection', [Object.assign(new Error('x'), { code: 'ECONNREFUSED' })], 'unreachable'],
  ['a registry that asks for no login', [status(200)], 'skipped'],
  ['a challenge that names nothing', [status(401)], 'skipped'],
]
for (const [why, answers, result] of rows) {
  test(`${why} means ${result}`, async () => {
    const { verdict } = await verify(answers)
    assert.equal(verdict.result, result)
    assert.doesNotMatch(verdict.detail, /token$|cr_temp_user/)
  })
}

test('the login goes to the token service, with service and account, in a header', async () => {
  const { sent } = await verify([bearer(REALM), status(200)])
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

const foreign = [
  'https://evil.example/auth',
  'http://dockerauth.cn-hangzhou.aliyuncs.com/auth',
  'https://dockerauth.cn-shanghai.aliyuncs.com/auth',
  'https://dockerauth.cn-hangzhou.aliyuncs.com.evil.example/auth',
  'https://dockerauth.cn-hangzhou.aliyuncs.com:8443/auth',
  'https://xdockerauth.cn-hangzhou.aliyuncs.com/auth',
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

test('a token service on the registry’s own host is its own', async () => {
  assert.equal((await verify([bearer(`https://${DOMAIN}/token`), status(200)])).verdict.result, 'accepted')
})

test('with a registry on loopback that one is asked, and may name a service on loopback only', async () => {
  const local = { registry: new URL('http://127.0.0.1:5000') }
  const { verdict, sent } = await verify([bearer('http://127.0.0.1:6000/auth'), status(200)], local)
  assert.equal(verdict.result, 'accepted')
  assert.deepEqual(
    sent.map(({ url }) => url.origin),
    ['http://127.0.0.1:5000', 'http://127.0.0.1:6000'],
  )
  assert.equal((await verify([bearer(REALM)], local)).verdict.result, 'skipped')
})

test('a domain with a namespace is asked at its host', async () => {
  assert.equal(
    (await verify([status(200)], { domain: 'images.example:8443/team' })).sent[0]?.url.href,
    'https://images.example:8443/v2/',
  )
})

test('a challenge is read with quotes, commas inside them and escapes', () => {
  assert.deepEqual(parseChallenge('Bearer realm="https://a/b?x=1,2", service="a \\"b\\"",scope=x'), {
    scheme: 'bearer',
    parameters: { realm: 'https://a/b?x=1,2', service: 'a "b"', scope: 'x' },
  })
  assert.equal(parseChallenge(undefined), undefined)
})
