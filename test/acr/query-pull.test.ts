import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryPull } from '../../src/acr/query-manifest.ts'
import type { HttpRequest, HttpResponse } from '../../src/alibaba/transport/http-sender.ts'

const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const TOKENS = 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'
const CHALLENGE = { 'www-authenticate': `Bearer realm="${TOKENS}",service="registry"` }
const REQUEST = { host: HOST, repository: 'team/app', reference: 'x', issuedByAcr: true, username: 'u', password: 'p' }

type Reply = Partial<HttpResponse> | Error
interface Registry {
  readonly first?: Reply
  readonly tokens?: Reply
  readonly second?: Reply
}

async function ask({ first, tokens, second }: Registry, more: object = {}) {
  const sent: HttpRequest[] = []
  const verdict = await queryPull(
    async (request) => {
      sent.push(request)
      const isService = request.url.href.startsWith(TOKENS)
      const answer = isService ? (tokens ?? { text: '{"token":"t"}' }) : request.headers.authorization ? second : first
      const reply = answer ?? { status: 401, headers: CHALLENGE }
      if (reply instanceof Error) throw reply
      return { status: 200, headers: {}, text: '', ...reply }
    },
    { ...REQUEST, ...more },
  )
  return { verdict, sent }
}

const failure = (status: number, code: string): Reply => ({ status, text: JSON.stringify({ errors: [{ code }] }) })
const RESET = Object.assign(new Error('reset'), { code: 'ECONNRESET' })

// Codes: OCI distribution specification, "Error Codes"
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#error-codes).
const CASES: readonly (readonly [what: string, registry: Registry, grant: string])[] = [
  ['a repository that does not exist, after the login', { second: failure(404, 'NAME_UNKNOWN') }, 'granted'],
  ['a tag that does not exist, after the login', { second: failure(404, 'MANIFEST_UNKNOWN') }, 'granted'],
  ['an image', { second: { text: '{"config":{}}' } }, 'granted'],
  ['a refusal after the login', { second: { status: 401 } }, 'denied'],
  ['a denial with its code', { second: failure(403, 'DENIED') }, 'denied'],
  ['a token service that refuses the login', { tokens: { status: 401 } }, 'denied'],
  ['a token service that denies the scope', { tokens: failure(403, 'DENIED') }, 'denied'],
  ['a 403 without a code, such as a firewall’s', { second: { status: 403 } }, 'unknown'],
  ['a token service’s 403 without a code', { tokens: { status: 403, text: '<html>' } }, 'unknown'],
  ['a 404 without a code, such as a proxy’s', { second: { status: 404, text: 'not found' } }, 'unknown'],
  ['a 200 that is no manifest, such as a captive portal’s', { second: { text: '<html>' } }, 'unknown'],
  ['a registry that asks for no login', { first: failure(404, 'NAME_UNKNOWN') }, 'unknown'],
  ['a token service without a token', { tokens: { text: '{}' } }, 'unknown'],
  ['throttling', { second: failure(429, 'TOOMANYREQUESTS') }, 'unknown'],
  ['a server error', { second: { status: 503 } }, 'unknown'],
  ['no response', { second: RESET }, 'unknown'],
  [
    'a token service of somebody else',
    { first: { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://example.com/t"' } } },
    'unknown',
  ],
]

for (const [what, registry, grant] of CASES) {
  test(`the right to pull is ${grant} after ${what}`, async () => {
    assert.equal((await ask(registry)).verdict.grant, grant)
  })
}

test('the verdict names the host and its response', async () => {
  const detail = async (registry: Registry) => (await ask(registry)).verdict.detail
  assert.equal(await detail({ second: failure(404, 'NAME_UNKNOWN') }), `${HOST} responded with HTTP 404 NAME_UNKNOWN`)
  assert.equal(await detail({ tokens: { status: 401 } }), 'dockerauth.cn-hangzhou.aliyuncs.com responded with HTTP 401')
  assert.equal(await detail({ second: RESET }), `${HOST} gave no response: ECONNRESET`)
})

test('the right to pull is asked with the login and the scope of the repository; anonymously without a login', async () => {
  const { sent } = await ask({ second: failure(404, 'NAME_UNKNOWN') })
  assert.deepEqual(
    sent.map(({ url, headers }) => [url.pathname, url.searchParams.get('scope'), headers.authorization]),
    [
      ['/v2/team/app/manifests/x', null, undefined],
      ['/auth', 'repository:team/app:pull', `Basic ${Buffer.from('u:p').toString('base64')}`],
      ['/v2/team/app/manifests/x', null, 'Bearer t'],
    ],
  )
  const anonymous = await ask({ second: { status: 401 } }, { username: '', password: '' })
  assert.equal(anonymous.sent[1]?.headers.authorization, undefined)
  assert.equal(anonymous.verdict.grant, 'denied')
})
