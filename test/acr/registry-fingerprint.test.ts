import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registryFingerprint } from '../../src/acr/registry-config.ts'
import { stableJson } from '../../src/lib/json.ts'
import { registry } from './registry.ts'

const identity = { type: 'rrsa', rrsa: { roleArn: 'acs:ram::1:role/a', oidcProviderArn: 'p' } }
const base = registryFingerprint(registry(), identity)

test('settings that affect the token change the fingerprint', () => {
  const others = [
    registryFingerprint(registry({ instanceId: 'cri-2' }), identity),
    registryFingerprint(registry({ region: 'cn-shanghai' }), identity),
    registryFingerprint(registry({ edition: 'personal' }), identity),
    registryFingerprint(registry({ assumeRole: [{ roleArn: 'acs:ram::2:role/b', durationSeconds: 3600 }] }), identity),
    registryFingerprint(registry(), { ...identity, type: 'worker-role' }),
    registryFingerprint(registry({ edition: 'static' }), identity),
  ]
  assert.equal(new Set([base, ...others]).size, 7)
})

test('settings that only affect where the token is written do not', () => {
  const same = registry({ name: 'other', network: 'vpc', apiNetwork: 'vpc', domains: ['a.example'] })
  assert.equal(registryFingerprint(same, identity), base)
  assert.match(base, /^[0-9a-f]{64}$/)
})

test('a static login is identified by its entry, whatever the identity', () => {
  const fixed = (name: string, by: unknown) => registryFingerprint(registry({ name, edition: 'static' }), by)
  assert.equal(fixed('a', identity), fixed('a', { type: 'worker-role' }))
  assert.notEqual(fixed('a', identity), fixed('b', identity))
})

test('stable JSON does not depend on the order of keys', () => {
  assert.equal(stableJson({ b: [{ d: 1, c: undefined }], a: null }), '{"a":null,"b":[{"d":1}]}')
})
