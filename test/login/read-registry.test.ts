import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRegistry } from '../../src/login/read-registry.ts'

test('an instance id needs its region; a domain of ACR has its own', () => {
  assert.deepEqual(readRegistry('cri-abc123', 'cn-hangzhou'), {
    edition: 'enterprise',
    region: 'cn-hangzhou',
    instanceId: 'cri-abc123',
  })
  assert.throws(() => readRegistry('cri-abc123', ''), { code: 'INPUT_MISSING', message: /needs `region`/ })
  const found = { edition: 'enterprise', region: 'cn-hangzhou', instanceName: 'my-registry-x' }
  for (const network of ['', '-vpc']) {
    const domain = `my-registry-x-registry${network}.cn-hangzhou.cr.aliyuncs.com`
    assert.deepEqual(readRegistry(domain.toUpperCase(), ''), { ...found, domain })
  }
  assert.deepEqual(readRegistry('images.example.com', 'cn-beijing'), {
    edition: 'enterprise',
    region: 'cn-beijing',
    domain: 'images.example.com',
    instanceName: undefined,
  })
  assert.throws(() => readRegistry('images.example.com', ''), { code: 'INPUT_MISSING' })
})

test('the domains of the Personal Edition name its region', () => {
  for (const label of ['registry', 'registry-vpc', 'registry-intl', 'registry-intl-vpc', 'registry-internal']) {
    const personal = { edition: 'personal', region: 'cn-shanghai' }
    assert.deepEqual(readRegistry(`${label}.cn-shanghai.aliyuncs.com`, ''), personal)
  }
  assert.throws(() => readRegistry('registryx.cn-shanghai.aliyuncs.com', ''), { code: 'INPUT_MISSING' })
})

test('a region that contradicts the domain is refused', () => {
  const domains = ['a-registry.cn-hangzhou.cr.aliyuncs.com', 'registry.cn-hangzhou.aliyuncs.com']
  for (const domain of domains) {
    assert.throws(() => readRegistry(domain, 'cn-beijing'), { code: 'INPUT_CONFLICT', message: /is in cn-hangzhou/ })
    assert.equal(readRegistry(domain, 'cn-hangzhou').region, 'cn-hangzhou')
  }
})

test('an instance of the new Personal Edition is refused, because it has only its fixed password', () => {
  for (const name of ['crpi-1a2b3c', 'crpi-1a2b3c.cn-hangzhou.personal.cr.aliyuncs.com']) {
    assert.throws(() => readRegistry(name, 'cn-hangzhou'), {
      code: 'LOGIN_FIXED_PASSWORD',
      message: /new Personal Edition, which has only its fixed password$/,
    })
  }
})

test('anything else is refused with an example', () => {
  for (const name of [
    'https://a.example.com',
    'a.example.com/team',
    'cri_1',
    'demo',
    '1.2.3.4',
    'a..b',
    '*.example.com',
  ]) {
    assert.throws(() => readRegistry(name, 'cn-hangzhou'), { code: 'INPUT_INVALID', hint: /cri-abc123/ }, name)
  }
})
