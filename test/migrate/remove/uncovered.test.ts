import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HelperStatus } from '../../../src/installation/helper-status.ts'
import { collectFacts } from '../../../src/migrate/remove/collect-facts.ts'
import { findDependents } from '../../../src/migrate/remove/find-dependents.ts'
import { type Configured, type ConfiguredInstance, findUncovered } from '../../../src/migrate/remove/find-uncovered.ts'
import { findForeignHosts } from '../../../src/migrate/remove/foreign-hosts.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import type { HelperConfig } from '../../../src/values/generated/helper-config.ts'
import { object } from '../import/import-fixture.ts'
import { A, pod, recipe2018 } from '../import/recipe-2018.ts'
import { configuredEntry, HOST, ours, release, secret } from './our-fixture.ts'

const PERSONAL = 'registry.cn-hangzhou.aliyuncs.com'
const OTHER_ACCOUNT = 'acs:ram::6543210987654321:role/acr-pull'
const old = (namespace: string, name: string, hosts: readonly string[]): AnyObject => {
  return { ...object('Secret', namespace, name), logins: { hosts, isFixed: false } }
}

/** A release with the Personal Edition of Hangzhou in addition to its instance. */
function withPersonal(roleArn?: string) {
  const personal = { name: 'personal', edition: 'personal', region: 'cn-hangzhou' }
  const configured = { ...personal, assumeRole: roleArn === undefined ? [] : [{ roleArn }] }
  const base = release({ registries: [{ name: 'shop' }, configured] } as unknown as Partial<HelperConfig>)
  const registries = [...(base.status?.registries ?? []), { ...personal, state: 'live', domains: [PERSONAL] }]
  return { release: { ...base, status: { ...base.status, registries } as unknown as HelperStatus } }
}

const ROWS: readonly {
  readonly title: string
  readonly entries?: readonly Partial<ConfiguredInstance>[]
  readonly configured?: Partial<Configured>
  readonly secrets?: readonly AnyObject[]
  readonly ours?: Parameters<typeof ours>[0]
  readonly uncovered: readonly string[]
}[] = [
  { title: 'an instance that acr-nopass has', entries: [{ instanceId: 'cri-shop' }], uncovered: [] },
  {
    title: 'an instance that acr-nopass does not have',
    entries: [{ instanceId: 'cri-second' }],
    uncovered: ['cri-second'],
  },
  {
    title: 'an uncovered domain of an instance whose other domains acr-nopass covers',
    entries: [{ instanceId: 'cri-shop', domains: [HOST, 'images.example.com'] }],
    uncovered: ['images.example.com'],
  },
  { title: 'the Personal Edition of the region', entries: [{}], ours: withPersonal(), uncovered: [] },
  { title: 'the Personal Edition, without a registry for it', entries: [{}], uncovered: [PERSONAL] },
  {
    title: 'the Personal Edition of another region',
    entries: [{ region: 'cn-beijing' }],
    ours: withPersonal(),
    uncovered: ['registry.cn-beijing.aliyuncs.com'],
  },
  {
    title: 'the Personal Edition of an unknown region',
    entries: [{ region: undefined }],
    ours: withPersonal(),
    uncovered: ['acr-registry-info[0]'],
  },
  {
    title: 'the Personal Edition of another account, which has the same host',
    entries: [{ assumeRole: OTHER_ACCOUNT }],
    ours: withPersonal(),
    uncovered: [PERSONAL],
  },
  {
    title: 'the Personal Edition of another account, by another role of that account',
    entries: [{ assumeRole: OTHER_ACCOUNT }],
    ours: withPersonal('acs:ram::6543210987654321:role/other'),
    uncovered: [],
  },
  {
    title: 'a glob of hosts that a domain of acr-nopass fits',
    configured: { patterns: ['shop-registry.*.cr.aliyuncs.com'] },
    uncovered: [],
  },
  {
    title: 'a glob of hosts that no domain fits',
    configured: { patterns: ['base-registry.*.cr.aliyuncs.com'] },
    uncovered: ['base-registry.*.cr.aliyuncs.com'],
  },
  {
    title: 'a configuration that was not understood',
    configured: { isUnknown: true },
    uncovered: ['ConfigMap kube-system/acr-configuration'],
  },
  { title: 'a login for a host that acr-nopass has', secrets: [old('shop', A, [HOST])], uncovered: [] },
  {
    title: 'logins for a host that acr-nopass does not cover, in two namespaces: one line',
    secrets: [old('shop', A, ['images.example.com']), old('default', A, ['images.example.com'])],
    uncovered: ['images.example.com'],
  },
  {
    title: 'a login for a pattern of hosts',
    secrets: [old('shop', A, ['*.example.com'])],
    uncovered: ['*.example.com'],
  },
  { title: 'a login for a part of a host that it has', secrets: [old('shop', A, [`${HOST}/team`])], uncovered: [] },
  { title: 'a Secret without any login', secrets: [old('shop', A, [])], uncovered: [] },
  {
    title: 'a login for a host whose credential is in the pull secrets of other namespaces only',
    secrets: [old('shop', A, [HOST])],
    ours: { secrets: new Map([['shop', secret({ registries: ['else'] })]]) },
    uncovered: [HOST],
  },
]

for (const { title, entries = [], configured = {}, secrets = [], uncovered, ...row } of ROWS) {
  test(`P15 hosts and instances that only the old helper serves are found: ${title}`, () => {
    const all = entries.map((entry) => ({ ...configuredEntry(), ...entry }))
    const found = findUncovered(
      collectFacts(secrets),
      ours(row.ours),
      { entries: all, patterns: [], ...configured },
      [],
    )
    assert.deepEqual(
      found.map(({ confirm }) => confirm),
      uncovered,
    )
  })
}

for (const [title, configMap] of [
  ['has no configuration', []],
  [
    'has a configuration that lists no instance',
    [object('ConfigMap', 'kube-system', 'acr-configuration', { data: { 'watch-namespace': 'all' } })],
  ],
] as const) {
  test(`P15 an old helper that has written no Secret and ${title} is stopped only if the user names it, whether acr-nopass is installed or not`, () => {
    const facts = collectFacts([...recipe2018().filter(({ kind }) => kind !== 'Secret'), ...configMap])
    for (const side of [ours(), ours({ release: undefined })]) {
      const found = findDependents(facts, side, { entries: [], patterns: [] })
      const subject = 'Deployment kube-system/aliyun-acr-credential-helper'
      assert.deepEqual(
        found.map((one) => [one.subject, one.confirm]),
        [[subject, subject]],
      )
    }
  })
}

test('a host of ACR without an old login is reported once, as not checked; hosts that acr-nopass or an old login serves are not reported', () => {
  const facts = collectFacts([
    old('shop', A, ['images.example.com', 'base-registry.cn-beijing.cr.aliyuncs.com']),
    pod('shop', 'pause', `${PERSONAL}/google_containers/pause:3.9`, A),
    pod('shop', 'proxy', `${PERSONAL}/google_containers/kube-proxy:v1.30.0`, A),
    pod('shop', 'own', `${HOST}/shop/web:1`, A),
    pod('shop', 'base', 'base-registry.cn-beijing.cr.aliyuncs.com/a/b:1', A),
    pod('shop', 'system', `${PERSONAL}/acs/pause:3`, A),
    pod('elsewhere', 'alone', `${PERSONAL}/google_containers/pause:3.9`),
  ])
  assert.deepEqual(findForeignHosts(facts, ours()), [{ host: PERSONAL, usedBy: 'Pod shop/pause', others: 1 }])
})
