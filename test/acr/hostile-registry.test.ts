import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ManifestRequest, queryManifest } from '../../src/acr/query-manifest.ts'
import { refreshAt } from '../../src/acr/refresh-schedule.ts'
import { enterpriseDomains } from '../../src/acr/registry-domains.ts'
import { parseChallenge } from '../../src/acr/token-service.ts'
import { findInstanceId } from '../../src/acr/token-session.ts'
import { verifyLogin } from '../../src/acr/verify-login.ts'
import type { HttpRequest, HttpResponse } from '../../src/alibaba/transport/http-sender.ts'
import { json, KEY, scripted } from '../alibaba/scripted-transport.ts'
import { anyValue, fuzz } from '../support/fuzz.ts'

const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const PASSWORD = 'S3CR3T-of-the-registry'
const REQUEST: ManifestRequest = {
  host: HOST,
  repository: 'team/app',
  reference: '1',
  username: 'cr_temp_user',
  password: PASSWORD,
  issuedByAcr: true,
}

/** Returns the duration of the work in milliseconds. */
function timeOf(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

test('hostile registry: a challenge of any size and form is parsed in a moment', () => {
  const headers = [
    `Bearer ${'a'.repeat(16_000)}`,
    `Bearer ${'a="'.repeat(5000)}`,
    `Bearer a="${'\\'.repeat(16_000)}`,
    `Bearer ${'a = '.repeat(4000)}`,
    `${' '.repeat(16_000)}Bearer`,
  ]
  // Quadratic work would take seconds here.
  for (const header of headers) assert.ok(timeOf(() => parseChallenge(header)) < 100, header.slice(0, 20))
})

test('hostile registry: whatever it responds, the password is only sent to its own host or to ACR, and the verdict is one line', async (t) => {
  const challenge = fc.oneof(
    fc.constantFrom(
      'Basic realm="x"',
      'Bearer realm="https://dockerauth.cn-hangzhou.aliyuncs.com/auth",service="s"',
      'Bearer realm="https://evil.example/auth"',
      'Bearer realm="https://dockerauth-x.oss-cn-hangzhou.aliyuncs.com/auth"',
      'Bearer realm="javascript:alert(1)"',
      'Bearer realm="//evil.example"',
    ),
    fc.string(),
  )
  const body = fc.oneof(
    anyValue.map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '{"manifests":[null,{"platform":null},{"platform":{"os":5}}]}',
      '{"errors":[null,{"code":{}},{"code":"DENIED"}]}',
      '{"token":"t"}',
      '{"config":{"digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}',
      `{"errors":[${'{"code":"AAAAAAAAAAAAAAAA"},'.repeat(200)}{"code":"B"}]}`,
    ),
  )
  const reply = fc.record({
    status: fc.constantFrom(200, 200, 401, 401, 403, 404, 302, 307, 429, 500),
    headers: fc.record({
      'www-authenticate': fc.option(challenge, { nil: undefined }),
      location: fc.option(fc.constantFrom('https://store.example/x', 'http://evil.example/', 'http://[', ''), {
        nil: undefined,
      }),
    }),
    text: body,
  }) as fc.Arbitrary<HttpResponse>
  const property = fc.asyncProperty(fc.array(reply, { minLength: 8, maxLength: 8 }), async (replies) => {
    const sent: HttpRequest[] = []
    const send = async (request: HttpRequest): Promise<HttpResponse> => {
      const response = replies[sent.length]
      sent.push(request)
      if (response === undefined) throw new Error('too many requests')
      return response
    }
    const found = await queryManifest(send, REQUEST)
    const requests = sent.length
    const { detail } = await verifyLogin(send, { ...REQUEST, domain: HOST })
    assert.ok(requests <= 6)
    assert.ok(found.platforms.length <= 100 && found.platforms.every((one) => /^[a-z0-9]+\/[a-z0-9]+$/.test(one)))
    for (const text of [found.detail, detail]) {
      assert.ok(text.length < 2000 && !/\p{Cc}/u.test(text), text.slice(0, 100))
      assert.ok(!text.includes(PASSWORD))
    }
    const basic = sent.filter(({ headers }) => headers.authorization?.startsWith('Basic'))
    for (const { url } of basic) {
      assert.ok([HOST, 'dockerauth.cn-hangzhou.aliyuncs.com'].includes(url.host) && url.protocol === 'https:', url.href)
    }
    const bearer = sent.filter(({ headers }) => headers.authorization?.startsWith('Bearer'))
    for (const { url } of bearer) assert.equal(url.host, HOST)
  })
  await fuzz(t, 'registry-answers', property, 1000)
})

test('hostile cloud: domains longer than a host name can be are rejected, in a moment', () => {
  const domains = [`${'a'.repeat(1 << 20)}.example`, `${'a.'.repeat(1 << 19)}!`, `${'a-'.repeat(1 << 19)}.example`]
  const list = domains.map((domain) => ({ domain, custom: true }))
  let found: readonly unknown[] = []
  const spent = timeOf(() => {
    found = enterpriseDomains([{ type: 'internet', enabled: true, domains: list }])
  })
  assert.deepEqual(found, [])
  assert.ok(spent < 500, `${spent} ms`)
})

test('hostile cloud: a list of instances in an error is short', async () => {
  const Instances = Array.from({ length: 25 }, (_, index) => ({
    InstanceId: 'cri-1',
    InstanceName: `${index}`.repeat(5000),
  }))
  const page = json(200, { Instances, TotalCount: 100 })
  const { transport } = scripted([page, page, page, page])
  const target = { transport, endpoint: new URL('https://cr.example'), credentials: KEY }
  await assert.rejects(findInstanceId(target, { instanceName: 'demo', region: '' }), ({ hint }: { hint: string }) => {
    return hint.length < 2000 && hint.endsWith('80 more.')
  })
})

test('hostile cloud: a token that claims a lifetime of years is replaced daily, one that claims a millisecond each second', () => {
  const options = { random: 0.5, sharedSession: false, spread: 'usual' } as const
  const at = (life: number): number => refreshAt({ issuedAt: 0, expiresAt: life }, options) ?? 0
  assert.equal(at(100 * 365 * 86_400_000), at(86_400_000))
  assert.equal(at(1), 1000)
  assert.equal(at(-5), 1000)
})
