import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ManifestResult, queryManifest } from '../../src/acr/query-manifest.ts'
import type { HttpRequest, HttpResponse } from '../../src/alibaba/transport/http-sender.ts'

const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const TOKENS = 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'
const MANIFEST = `https://${HOST}/v2/team/app/manifests/1`
const BLOB = `https://${HOST}/v2/team/app/blobs/sha256:${'a'.repeat(64)}`
const STORE = 'https://store.oss-cn-hangzhou.aliyuncs.com/blob?signature=x'
const REQUEST = {
  host: HOST,
  repository: 'team/app',
  reference: '1',
  username: 'u',
  password: 'p',
  issuedByAcr: true,
}
const CHALLENGE = { 'www-authenticate': `Bearer realm="${TOKENS}",service="registry"` }

type Reply = Partial<HttpResponse> | Error

/**
 * Queries a registry whose responses depend on the address and on whether a Bearer token is sent.
 */
async function query(
  replies: Readonly<Record<string, Reply>>,
  request: Partial<typeof REQUEST> = {},
): Promise<{ readonly manifest: ManifestResult; readonly sent: readonly HttpRequest[] }> {
  const sent: HttpRequest[] = []
  const manifest = await queryManifest(
    async (one) => {
      sent.push(one)
      const address = one.url.href.startsWith(TOKENS) ? TOKENS : one.url.href
      const key = one.headers.authorization?.startsWith('Bearer') ? `token ${address}` : address
      const reply = replies[key] ?? replies[address] ?? { status: 401, headers: CHALLENGE }
      if (reply instanceof Error) throw reply
      return { status: 200, headers: {}, text: '', ...reply }
    },
    { ...REQUEST, ...request },
  )
  return { manifest, sent }
}

const token = { [TOKENS]: { text: '{"token":"t"}' } }
const index = JSON.stringify({
  manifests: [
    { platform: { os: 'linux', architecture: 'amd64' } },
    { platform: { os: 'linux', architecture: 'arm64' } },
    { platform: { os: 'unknown', architecture: 'unknown' } },
    {},
  ],
})

test('an index lists its platforms; the login is sent only to the token service', async () => {
  const { manifest, sent } = await query({ ...token, [`token ${MANIFEST}`]: { text: index } })
  assert.deepEqual([manifest.result, manifest.platforms], ['found', ['linux/amd64', 'linux/arm64']])
  const basic = sent.filter(({ headers }) => headers.authorization?.startsWith('Basic'))
  assert.deepEqual(
    basic.map(({ url }) => [url.host, url.searchParams.get('scope')]),
    [['dockerauth.cn-hangzhou.aliyuncs.com', 'repository:team/app:pull']],
  )
})

test('P6 the platform of a single image comes from its configuration, which an object store returns without the login', async () => {
  const image = JSON.stringify({ config: { digest: `sha256:${'a'.repeat(64)}` } })
  const { manifest, sent } = await query({
    ...token,
    [`token ${MANIFEST}`]: { text: image },
    [`token ${BLOB}`]: { status: 307, headers: { location: STORE } },
    [STORE]: { text: '{"os":"linux","architecture":"s390x"}' },
  })
  assert.deepEqual(manifest.platforms, ['linux/s390x'])
  assert.equal(sent.find(({ url }) => url.href === STORE)?.headers.authorization, undefined)
})

const TAGS = `https://${HOST}/v2/team/app/tags/list?n=1`
const missing = { status: 404, text: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' }
const ROWS: readonly (readonly [string, Readonly<Record<string, Reply>>, ManifestResult['result'], RegExp])[] = [
  [
    'no permission for the repository',
    { ...token, [`token ${MANIFEST}`]: { status: 401, text: '' } },
    'denied',
    /HTTP 401/,
  ],
  [
    'no permission for the repository, as a 403',
    { ...token, [`token ${MANIFEST}`]: { status: 403, text: '{"errors":[{"code":"DENIED"}]}' } },
    'denied',
    /403 DENIED/,
  ],
  ['an expired login', { [TOKENS]: { status: 401 } }, 'login-refused', /dockerauth\S+ responded with HTTP 401/],
  [
    'a missing tag',
    { ...token, [`token ${MANIFEST}`]: missing, [`token ${TAGS}`]: { text: '{}' } },
    'tag-absent',
    /MANIFEST_UNKNOWN/,
  ],
  [
    'a missing repository',
    {
      ...token,
      [`token ${MANIFEST}`]: missing,
      [`token ${TAGS}`]: { status: 404, text: '{"errors":[{"code":"NAME_UNKNOWN"}]}' },
    },
    'repository-absent',
    /404/,
  ],
  ['a throttled pull', { ...token, [`token ${MANIFEST}`]: { status: 429 } }, 'throttled', /429/],
  ['a registry that fails', { ...token, [`token ${MANIFEST}`]: { status: 502 } }, 'unreachable', /502/],
  ['a token service without a token in its response', { [TOKENS]: { text: '<html>' } }, 'unreachable', /HTTP 200/],
  [
    'a host that does not resolve',
    { [MANIFEST]: Object.assign(new Error('x'), { code: 'ENOTFOUND' }) },
    'unreachable',
    /ENOTFOUND/,
  ],
  ['a public image', { [MANIFEST]: { text: index } }, 'found', /200/],
  [
    "P6 another party's token service",
    { [MANIFEST]: { status: 401, headers: { 'www-authenticate': 'Bearer realm="https://evil.example.com/auth"' } } },
    'skipped',
    /evil\.example\.com belongs neither to the registry nor to ACR/,
  ],
]
for (const [title, replies, result, message] of ROWS) {
  test(`a registry is queried for a manifest: ${title}`, async () => {
    const { manifest, sent } = await query(replies)
    assert.equal(manifest.result, result)
    assert.match(manifest.detail, message)
    assert.ok(sent.every(({ url }) => !url.host.includes('evil')))
  })
}

test('a page that answers everything with 200 is not taken for an image', async () => {
  for (const text of [
    '<html>Sign in to the guest network</html>',
    '',
    '{}',
    '[]',
    '{"manifests":"x"}',
    '{"config":7}',
  ]) {
    const { manifest } = await query({ ...token, [`token ${MANIFEST}`]: { text } })
    assert.deepEqual(
      [manifest.result, manifest.detail],
      ['unreachable', `${HOST} responded with HTTP 200, but not with an image's manifest`],
    )
  }
})
