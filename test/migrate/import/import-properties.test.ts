import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readAddonJson, readConfigMap } from '../../../src/migrate/import/read-settings.ts'
import { importFrom, judge } from './import-fixture.ts'

const ROLE = 'acs:ram::1234567890123456:role/pull'
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123'
/** Values that are invalid for every setting, and words that YAML's versions read differently. */
const ODD: readonly unknown[] = [
  '',
  ' ',
  ',',
  'on',
  '0x1f',
  '1_000',
  '1e3',
  'null',
  '~',
  '12:30',
  '- a',
  '#',
  '中',
  'a\nb',
  '*',
  '&a',
  '007',
  null,
  12,
  true,
  [],
  {},
]
const odd = fc.oneof(fc.constantFrom(...ODD), fc.string({ maxLength: 20 }))
const mostly = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: odd })

const instance = fc.constantFrom('cri-one', 'cri-two', 'cri-0123', '', 'cri-one,cri-three')
const region = fc.constantFrom('cn-hangzhou', 'ap-southeast-6', 'cn-nowhere')
const domains = fc
  .subarray(
    [
      'shop-registry.cn-hangzhou.cr.aliyuncs.com',
      'shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com',
      'registry.cn-hangzhou.aliyuncs.com',
      'registry-vpc.ap-southeast-6.aliyuncs.com',
      'images.example.com',
      'a.example.com:5000',
    ],
    { minLength: 1 },
  )
  .map((list) => list.join(','))
const entry = fc.record(
  {
    instanceId: mostly(instance),
    regionId: mostly(region),
    domains: mostly(domains),
    assumeRoleARN: mostly(fc.constant(ROLE)),
    expireDuration: mostly(fc.constantFrom(900, 3600, '7200')),
    rrsaRoleARN: mostly(fc.constant(ROLE)),
    rrsaOIDCProviderRoleARN: mostly(fc.constant(PROVIDER)),
    customAccessKey: fc.constantFrom('LTAIA', 'LTAIB'),
    customAccessKeySecret: fc.constant('secret'),
    more: odd,
  },
  { requiredKeys: ['instanceId'] },
)
const names = fc
  .array(fc.constantFrom('default', 'shop', 'all', '*', 'kube-system', '123', 'on', 'Shop'), { maxLength: 3 })
  .map((list) => list.join(','))
const entries = mostly(fc.array(mostly(entry), { maxLength: 4 }))
const text = (value: unknown): string => (typeof value === 'string' ? value : stringify(value))

const configMap = fc
  .record(
    {
      'acr-registry-info': entries.map(text),
      'watch-namespace': mostly(names).map(text),
      'service-account': mostly(names).map(text),
      'acr-registry': mostly(fc.constantFrom('registry.*.aliyuncs.com', 'shop-registry.*.cr.aliyuncs.com,x')).map(text),
      rrsa: mostly(fc.constantFrom('enable: true', 'enable: "true"', 'enable: false')).map(text),
      'webhook-configuration': mostly(fc.constant('enable: true')).map(text),
      'expiring-threshold': odd.map(text),
      'notify-email': odd.map(text),
      'acr-api-version': fc.constantFrom('2018-12-01', 'v1'),
    },
    { requiredKeys: [] },
  )
  .map((data) => readConfigMap(data as Record<string, string>, 'ConfigMap'))
const addon = fc
  .record(
    {
      AcrInstanceInfo: fc.oneof(
        entries,
        entries.map((value) => JSON.stringify(value)),
      ),
      enableRRSA: mostly(fc.boolean()),
      watchNamespace: mostly(names),
      serviceAccount: mostly(names),
      expiringThreshold: odd,
    },
    { requiredKeys: ['AcrInstanceInfo'] },
  )
  .map((config) =>
    readAddonJson([{ name: 'managed-aliyun-acr-credential-helper', config: JSON.stringify(config) }], 'x.json'),
  )

/** Errors that the import cannot avoid: the values match a configuration that cannot work. */
const SENSE = ['VALUES_REGION', 'VALUES_DOMAIN_TWICE']

for (const [form, arbitrary] of [
  ['acr-configuration', configMap],
  ['JSON of the add-on', addon],
] as const) {
  test(`any ${form} becomes values that Helm and we accept, or is rejected by name`, () => {
    let valid = 0
    const property = fc.property(
      arbitrary,
      fc.constantFrom(undefined, 'cn-hangzhou'),
      fc.constantFrom(24, 36),
      (read, own, minor) => {
        assert.ok(read !== undefined)
        const imported = importFrom(read, [], { region: own, minor })
        for (const { code, message, hint } of imported.errors) {
          assert.match(code, /^IMPORT_(SETTING|REGION|IDENTITIES)$/)
          assert.ok(message.length > 10 && hint.length > 10)
        }
        if (imported.errors.length > 0) return
        const { errors, merged, helmAccepts } = judge(imported.text)
        assert.deepEqual(
          errors.filter(({ code }) => !SENSE.includes(code)).map(({ code, message }) => `${code} ${message}`),
          [],
        )
        assert.ok(merged !== undefined && helmAccepts)
        if (errors.length === 0) valid++
      },
    )
    fc.assert(property, { numRuns: 300, seed: 20181029 })
    assert.ok(valid > 30, `only ${valid} were valid: the test would prove nothing`)
  })
}
