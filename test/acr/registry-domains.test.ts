import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chooseDomains,
  type DomainNetwork,
  enterpriseDomains,
  hostOf,
  personalDomains,
} from '../../src/acr/registry-domains.ts'

const own = enterpriseDomains([
  {
    type: 'internet',
    enabled: true,
    domains: [
      { domain: 'demo-registry.cn-hangzhou.cr.aliyuncs.com', custom: false },
      { domain: 'images.acme.example', custom: true },
    ],
  },
  {
    type: 'vpc',
    enabled: false,
    domains: [{ domain: 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com', custom: false }],
  },
])

const rows: [network: DomainNetwork, given: string[], expected: string[]][] = [
  [
    'all',
    [],
    [
      'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com',
      'demo-registry.cn-hangzhou.cr.aliyuncs.com',
      'images.acme.example',
    ],
  ],
  ['vpc', [], ['demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com', 'images.acme.example']],
  ['public', [], ['demo-registry.cn-hangzhou.cr.aliyuncs.com', 'images.acme.example']],
  [
    'vpc',
    ['Extra.example:8443'],
    ['demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com', 'extra.example:8443', 'images.acme.example'],
  ],
  ['public', ['images.acme.example'], ['demo-registry.cn-hangzhou.cr.aliyuncs.com', 'images.acme.example']],
  [
    'vpc',
    ['images.acme.example/a', 'images.acme.example/b'],
    ['demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com', 'images.acme.example/a', 'images.acme.example/b'],
  ],
]
for (const [network, given, expected] of rows) {
  test(`network ${network} with ${given.join(', ') || 'no domain of the user'}: ${expected.length} domains`, () => {
    assert.deepEqual(chooseDomains(own, given, network), expected)
  })
}

test('the Personal Edition has its five hosts in a region, and only VPC ones where that is wanted', () => {
  assert.equal(chooseDomains(personalDomains('cn-shanghai'), [], 'all').length, 5)
  assert.deepEqual(chooseDomains(personalDomains('cn-shanghai'), [], 'public'), [
    'registry-intl.cn-shanghai.aliyuncs.com',
    'registry.cn-shanghai.aliyuncs.com',
  ])
})

test('a domain’s host keeps its port and loses its namespace', () => {
  assert.equal(hostOf('Images.example:8443/team'), 'images.example:8443')
})

test('what the cloud calls a domain and is none gets no credential: addresses, ports, paths, blanks, single words', () => {
  const odd = [
    '10.0.0.1',
    '[::1]',
    'host',
    'evil.example.com:8443',
    'evil.example.com/x',
    'a b.example.com',
    '*.example.com',
    '',
  ]
  const endpoint = {
    ...{ type: 'internet', enabled: true },
    domains: [...odd, 'demo-registry.cn-hangzhou.cr.aliyuncs.com'].map((domain) => ({ domain, custom: true })),
  }
  assert.deepEqual(
    enterpriseDomains([endpoint as Parameters<typeof enterpriseDomains>[0][number]]).map(({ domain }) => domain),
    ['demo-registry.cn-hangzhou.cr.aliyuncs.com'],
  )
})
