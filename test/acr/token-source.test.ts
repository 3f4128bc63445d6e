import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistryConfig } from '../../src/acr/registry-config.ts'
import { createTokenSource } from '../../src/acr/token-source.ts'
import { createEndpoints } from '../../src/alibaba/endpoints.ts'
import { START } from '../alibaba/fake-time.ts'
import { json, KEY, type Reply, scripted } from '../alibaba/scripted-transport.ts'
import { registry } from './registry.ts'

const token = json(200, { IsSuccess: true, TempUsername: 'u', AuthorizationToken: 'p', ExpireTime: START + 3_600_000 })
const addresses = (type: string, ...domains: string[]) =>
  json(200, {
    IsSuccess: true,
    Endpoints: [{ EndpointType: type, Domains: domains.map((Domain) => ({ Domain, Type: 'SYSTEM' })) }],
  })

function setUp(config: RegistryConfig, ...replies: Reply[]) {
  const { transport, sent } = scripted(replies)
  const asked: string[] = []
  const identity = {
    name: 'test',
    sharedSession: false,
    get: async () => KEY,
    fresh: async () => {
      asked.push('fresh')
      return KEY
    },
  }
  const deps = {
    transport,
    endpoints: createEndpoints({ region: 'cn-hangzhou' }),
    identity: () => identity,
    identityConfig: {},
    readText: async () => '',
    secretsDir: '/s',
  }
  return { source: createTokenSource(config, deps), sent, asked }
}

test('each token is asked for with a fresh session, in the registry’s own region and network', async () => {
  const { source, sent, asked } = setUp(registry(), token, addresses('internet', 'a.cr.example'), token)
  assert.deepEqual(await source.get(), {
    username: 'u',
    password: 'p',
    issuedAt: START,
    expiresAt: START + 3_600_000,
    domains: ['a.cr.example'],
  })
  await source.get()
  assert.deepEqual(asked, ['fresh', 'fresh'])
  assert.deepEqual([...new Set(sent.map(({ url }) => url.host))], ['cr-vpc.cn-hangzhou.aliyuncs.com'])
})

test('a registry without a domain on the chosen network says so', async () => {
  const { source } = setUp(registry({ network: 'vpc' }), token, addresses('internet', 'a.cr.example'))
  await assert.rejects(source.get(), { code: 'REGISTRY_NO_DOMAIN', message: /prod has no domain on network vpc/ })
})

test('a refusal without expiresInHours is not tried twice', async () => {
  const { source, sent } = setUp(registry(), json(400, { Code: 'InvalidParameter' }))
  await assert.rejects(source.get(), { code: 'CLOUD_REJECTED' })
  assert.equal(sent.length, 1)
})

test('a user whom the Personal Edition does not know gets the cure', async () => {
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
