import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildDockerConfig, type RegistryLogin, readDockerConfig } from '../../src/acr/docker-config.ts'

const DOMAIN = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const login: RegistryLogin = { username: 'cr_temp_user', password: 'p:w', domains: [DOMAIN] }
const auth = Buffer.from('cr_temp_user:p:w').toString('base64')

test('the kubelet’s form: one auth per domain, and nothing else', () => {
  assert.equal(buildDockerConfig([login], 'auth'), `{"auths":{"${DOMAIN}":{"auth":"${auth}"}}}`)
})

test('the full form also has user name and password', () => {
  assert.deepEqual(JSON.parse(buildDockerConfig([login], 'full')).auths[DOMAIN], {
    auth,
    username: 'cr_temp_user',
    password: 'p:w',
  })
})

test('without logins the content is that of a retired Secret', () => {
  assert.equal(buildDockerConfig([], 'auth'), '{"auths":{}}')
})

test('two accounts can share a host, each with its own namespaces', () => {
  const two = { ...login, username: 'b', domains: ['registry.cn-hangzhou.aliyuncs.com/b'] }
  const one = { ...login, username: 'a', domains: ['registry.cn-hangzhou.aliyuncs.com/a'] }
  const { auths } = JSON.parse(buildDockerConfig([two, one], 'auth'))
  assert.deepEqual(Object.keys(auths), ['registry.cn-hangzhou.aliyuncs.com/a', 'registry.cn-hangzhou.aliyuncs.com/b'])
})

test('if two logins name the same domain, the first one keeps it', () => {
  const other = { ...login, password: 'other' }
  assert.equal(buildDockerConfig([login, other], 'auth'), buildDockerConfig([login], 'auth'))
})

for (const text of [
  '',
  'null',
  '[]',
  '{}',
  '{"auths":null}',
  '{"auths":{"secret-host":{}}}',
  '{"auths":{"h":{"auth":"bm9jb2xvbg=="}}}',
  '{"auths":{"h":null}}',
]) {
  test(`${text || 'nothing'} is rejected without quoting a secret`, () => {
    assert.throws(() => readDockerConfig(text), { code: 'DOCKER_CONFIG_INVALID' })
  })
}
