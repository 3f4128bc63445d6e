import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistryConfig } from '../../src/acr/registry-config.ts'
import { createTokenSource } from '../../src/acr/token-source.ts'
import type { Credentials } from '../../src/alibaba/credentials.ts'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { START } from '../alibaba/fake-time.ts'
import { json, KEY, type Reply, scripted } from '../alibaba/scripted-transport.ts'
import { registry } from './registry.ts'

const token = json(200, { IsSuccess: true, TempUsername: 'u', AuthorizationToken: 'p', ExpireTime: START + 3_600_000 })
const addresses = (type: string, ...domains: string[]) =>
  json(200, {
    IsSuccess: true,
    Endpoints: [{ EndpointType: type, Domains: domains.map((Domain) => ({ Domain, Type: 'SYSTEM' })) }],
  })

const setUp = (config: RegistryConfig, ...replies: Reply[]) => setUpWith(KEY, config, ...replies)

function setUpWith(session: Credentials, config: RegistryConfig, ...replies: Reply[]) {
  const { sourceOf, ...rest } = setUpAll(session, ...replies)
  return { source: sourceOf(config), ...rest }
}

/** Creates the sources of one configuration. */
function setUpAll(session: Credentials, ...replies: Reply[]) {
  const { transport, sent } = scripted(replies)
  const freshSessions: string[] = []
  const identity = {
    name: 'test',
    sharedSession: false,
    get: async () => session,
    fresh: async () => {
      freshSessions.push('fresh')
      return session
    },
  }
  const deps = {
    transport,
    endpoints: createEndpoints({ region: 'cn-hangzhou' }),
    identity: () => identity,
    identityConfig: {},
    readText: async () => '',
    secretsDir: '/s',
    logins: new Map(),
  }
  return { sourceOf: (config: RegistryConfig) => createTokenSource(config, deps), sent, freshSessions }
}

test('each token is requested with a fresh session, in the registry’s own region and network', async () => {
  const { source, sent, freshSessions } = setUp(registry(), token, addresses('internet', 'a.cr.example'), token)
  assert.deepEqual(await source.get(), {
    username: 'u',
    password: 'p',
    issuedAt: START,
    expiresAt: START + 3_600_000,
    domains: ['a.cr.example'],
  })
  await source.get()
  assert.deepEqual(freshSessions, ['fresh', 'fresh'])
  assert.deepEqual([...new Set(sent.map(({ url }) => url.host))], ['cr-vpc.cn-hangzhou.aliyuncs.com'])
})

const busy = json(429, { Code: 'Throttling.User' }, { 'x-acs-retry-after': '60000' })

test('a session whose token call was throttled is used for the next attempt while it is young, and for no other attempt', async () => {
  const session = { ...KEY, securityToken: 's', issuedAt: START, expiresAt: START + 3_600_000 }
  const replies = [busy, busy, token, addresses('internet', 'a.cr.example'), token]
  const { source, freshSessions } = setUpWith(session, registry(), ...replies)
  await assert.rejects(source.get(), { code: 'CLOUD_THROTTLED', retryAfterMs: 60_000 })
  await assert.rejects(source.get(), { code: 'CLOUD_THROTTLED' })
  assert.equal((await source.get()).password, 'p')
  assert.deepEqual(freshSessions, ['fresh'])
  await source.get()
  assert.deepEqual(freshSessions, ['fresh', 'fresh'])
  const old = setUpWith(
    { ...session, issuedAt: START - 600_000 },
    registry(),
    busy,
    token,
    addresses('internet', 'a.cr.example'),
  )
  await assert.rejects(old.source.get(), { code: 'CLOUD_THROTTLED' })
  await old.source.get()
  assert.deepEqual(old.freshSessions, ['fresh', 'fresh'])
})

test('a registry without a domain on the chosen network is reported', async () => {
  const { source } = setUp(registry({ network: 'vpc' }), token, addresses('internet', 'a.cr.example'))
  await assert.rejects(source.get(), { code: 'REGISTRY_NO_DOMAIN', message: /prod has no domain on network vpc/ })
})

test('an error without expiresInHours is not retried', async () => {
  const { source, sent } = setUp(registry(), json(400, { Code: 'InvalidParameter' }))
  await assert.rejects(source.get(), { code: 'CLOUD_REJECTED' })
  assert.equal(sent.length, 1)
})

test('a user unknown to the Personal Edition gets the fix', async () => {
  const personal = registry({ edition: 'personal', region: 'cn-shanghai' })
  const { source, sent } = setUp(personal, json(404, { code: 'USER_NOT_EXIST', requestId: 'R-4' }))
  await assert.rejects(source.get(), {
    code: 'CLOUD_NOT_FOUND',
    reason: 'USER_NOT_EXIST',
    requestId: 'R-4',
    hint: /set a registry password/,
  })
  assert.equal(sent[0]?.url.href, 'https://cr.cn-shanghai.aliyuncs.com/tokens')
  assert.equal(sent[0]?.method, 'GET')
  await assert.rejects(setUp(personal, json(403, { code: 'NoPermission' })).source.get(), { code: 'CLOUD_DENIED' })
})

test('sources of one registry and identity share a key, others do not', () => {
  const key = (config: RegistryConfig) => setUp(config).source.key
  assert.equal(key(registry({ name: 'a', network: 'vpc' })), key(registry({ name: 'b' })))
  assert.notEqual(key(registry()), key(registry({ instanceId: 'cri-2' })))
})

test('P7 entries of one instance and identity share concurrent requests, each with its own domains', async () => {
  const both = json(200, {
    IsSuccess: true,
    Endpoints: [
      { EndpointType: 'internet', Domains: [{ Domain: 'a.cr.example', Type: 'SYSTEM' }] },
      { EndpointType: 'vpc', Domains: [{ Domain: 'a-vpc.cr.example', Type: 'SYSTEM' }] },
    ],
  })
  const { sourceOf, sent, freshSessions } = setUpAll(KEY, token, both)
  const inside = sourceOf(registry({ name: 'inside', network: 'vpc' }))
  const outside = sourceOf(registry({ name: 'outside', network: 'public', domains: ['mirror.example'] }))
  const [one, two] = await Promise.all([inside.get(), outside.get()])
  assert.deepEqual([one.domains, two.domains], [['a-vpc.cr.example'], ['a.cr.example', 'mirror.example']])
  assert.deepEqual({ ...two, domains: one.domains }, one)
  assert.deepEqual([sent.length, freshSessions.length], [2, 1])
})

test('entries with another lifetime, or another account, make their own requests', async () => {
  const account = [{ roleArn: 'acs:ram::2:role/b', durationSeconds: 3600 }]
  const others = [
    registry({ expiresInHours: 4 }),
    registry({ assumeRole: account }),
    registry({ apiNetwork: 'public' }),
  ]
  for (const other of others) {
    const address = addresses('internet', 'a.cr.example')
    const { sourceOf, sent } = setUpAll(KEY, token, token, address, address)
    await Promise.all([sourceOf(registry()).get(), sourceOf(other).get()])
    assert.equal(sent.length, 4)
  }
})

test('hostile cloud: a token that has already expired is an error, and the next request waits', async () => {
  const old = json(200, { IsSuccess: true, TempUsername: 'u', AuthorizationToken: 'p', ExpireTime: START - 1 })
  const { source } = setUp(registry(), old, addresses('internet', 'a.cr.example'))
  await assert.rejects(source.get(), { code: 'CLOUD_UNAVAILABLE' })
})

// No known page documents ExpiresInHours, so an endpoint may reject or ignore it.
test('an endpoint that rejects expiresInHours is called without it, then and later', async () => {
  const rejected = json(400, { Code: 'InvalidParameter' })
  const own = addresses('internet', 'a.cr.example')
  const { source, sent } = setUp(registry({ expiresInHours: 12 }), rejected, token, own, token)
  assert.equal((await source.get()).expiresAt, START + 3_600_000)
  await source.get()
  const requested = sent
    .filter(({ url }) => !url.searchParams.has('ModuleName'))
    .map(({ url }) => url.searchParams.get('ExpiresInHours'))
  assert.deepEqual(requested, ['12', null, null])
})

test('if expiresInHours is ignored, the expiry that the registry returns counts', async () => {
  const { source } = setUp(registry({ expiresInHours: 12 }), token, addresses('internet', 'a.cr.example'))
  assert.equal((await source.get()).expiresAt, START + 3_600_000)
})
