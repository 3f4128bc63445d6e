import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  chooseDomains,
  type DomainNetwork,
  enterpriseDomains,
  hostOf,
  isAcrHost,
  isCoveredBy,
  parseImage,
  personalDomains,
} from '../../src/acr/registry-domains.ts'
import { REGIONS } from '../../src/values/checks/regions.ts'

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

test('the Personal Edition has its six hosts in a region, and only VPC ones on request', () => {
  assert.equal(chooseDomains(personalDomains('cn-shanghai'), [], 'all').length, 6)
  assert.deepEqual(chooseDomains(personalDomains('cn-shanghai'), [], 'public'), [
    'registry-intl.cn-shanghai.aliyuncs.com',
    'registry.cn-shanghai.aliyuncs.com',
  ])
})

test('a domain’s host keeps its port and loses its namespace', () => {
  assert.equal(hostOf('Images.example:8443/team'), 'images.example:8443')
})

test('invalid domains from the cloud get no credential: addresses, ports, paths, blanks, single words', () => {
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

// The first two are hosts of Finance Cloud. Public files about Alibaba's gateway plugins have them:
// a build script (`mse finance`) and a table of regions.
test("ACR's own hosts of every edition are recognized, and nothing else is", () => {
  const own = [
    'msecrinstance-registry.cn-shanghai-finance-1.cr.aliyuncs.com',
    'apiginner-registry-vpc.cn-shanghai-finance-1.cr.aliyuncs.com',
    'demo-registry.cn-hangzhou.cr.aliyuncs.com',
    'x-registry-vpc.cn-hangzhou.cr.aliyuncs.com:443',
    'crpi-1.cn-hangzhou.personal.cr.aliyuncs.com',
    ...REGIONS.flatMap((region) => personalDomains(region).map(({ domain }) => domain)),
  ]
  for (const host of own) assert.equal(isAcrHost(host), true, host)
  const others = [
    'docker.io',
    'oss.cn-hangzhou.aliyuncs.com',
    'evilcr.aliyuncs.com',
    'cr.aliyuncs.com.evil.example',
    'registry-x.cn-hangzhou.aliyuncs.com',
    'registry-vpc-intl.cn-hangzhou.aliyuncs.com',
    'x.registry.cn-hangzhou.aliyuncs.com',
  ]
  for (const host of others) assert.equal(isAcrHost(host), false, host)
})

// github.com/mozillazg/docker-credential-acr-helper pkg/acr/registry.go and its test "person vpc
// (intl)". registry-intl-internal appears in a public Makefile for Sydney.
test("the chart's expression for images of ACR matches the domains that the helper writes credentials for, and no more", () => {
  const template = readFileSync(new URL('../../chart/templates/_acr-domains.tpl', import.meta.url), 'utf8')
  const [, pattern = ''] = /define "acr-nopass.acr-domains" -}}\n(.*)\n{{- end }}/.exec(template) ?? []
  const chart = new RegExp(`^(${pattern})$`)
  const label = fc.oneof(
    fc.constantFrom('registry', 'registry-intl', 'registry-vpc', 'registry-intl-vpc', 'registry-internal'),
    fc
      .tuple(fc.constantFrom('registry', 'demo-registry', 'crpi-a'), fc.stringMatching(/^(-[a-z]{1,8}){0,3}$/))
      .map((parts) => parts.join('')),
  )
  const zone = fc.constantFrom('', '.personal', '.oss', '.evil')
  const suffix = fc.constantFrom('aliyuncs.com', 'cr.aliyuncs.com', 'cr.aliyuncs.com.evil.example')
  const host = fc.tuple(label, fc.constantFrom(...REGIONS), zone, suffix).map(([a, b, c, d]) => `${a}.${b}${c}.${d}`)
  let own = 0
  fc.assert(
    fc.property(host, (name) => {
      if (isAcrHost(name)) own += 1
      assert.equal(chart.test(name), isAcrHost(name), name)
    }),
    { seed: 20261127, numRuns: 2000 },
  )
  assert.ok(own > 200, String(own))
  for (const { domain } of REGIONS.flatMap((region) => personalDomains(region))) assert.match(domain, chart)
})

const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'

test('images are split where container runtimes split them', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['nginx', 'docker.io', 'library/nginx'],
    ['nginx:1.27', 'docker.io', 'library/nginx'],
    ['team/app:1', 'docker.io', 'team/app'],
    ['localhost/app', 'localhost', 'app'],
    ['registry:5000/a/b:1', 'registry:5000', 'a/b'],
    ['Host.Example.com/A/b', 'host.example.com', 'A/b'],
    [`${HOST}/team/app@sha256:${'0'.repeat(64)}`, HOST, 'team/app'],
    [`${HOST}/team/app:1@sha256:${'0'.repeat(64)}`, HOST, 'team/app'],
  ]
  for (const [image, host, repository] of rows) assert.deepEqual(parseImage(image), { host, repository })
})

test('a domain covers its host, or only its namespace there', () => {
  const image = parseImage('registry.example.com/team/app:1')
  assert.equal(isCoveredBy('registry.example.com', image), true)
  assert.equal(isCoveredBy('REGISTRY.example.com/team', image), true)
  assert.equal(isCoveredBy('registry.example.com/tea', image), false)
  assert.equal(isCoveredBy('registry.example.com:443', image), false)
  assert.equal(isCoveredBy('example.com', image), false)
})
