import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../../src/cli/doctor/diagnose.ts'
import type { FindingId, Severity } from '../../../src/cli/doctor/finding.ts'
import type { Observed } from '../../../src/cli/doctor/observed.ts'
import { account, failure, NOW, namespace, registry, scene, secret } from './scene.ts'

interface Row {
  readonly title: string
  readonly observed: Observed
  readonly finds: readonly (readonly [Severity, FindingId, string])[]
  /** In the cause, the cure or the command of the first. */
  readonly says?: RegExp
}

const admission = { config: { attach: 'admission' } }
const shopOnly = (change: Parameters<typeof secret>[0]): ReadonlyMap<string, ReturnType<typeof secret>> =>
  new Map([
    ['acr-nopass', secret()],
    ['shop', secret(change)],
  ])

const ROWS: readonly Row[] = [
  { title: 'all is well', observed: scene(), finds: [] },
  {
    title: 'all is well at admission',
    observed: scene({ ...admission, podPolicies: ['acr-nopass.acr-nopass.acr-nopass'] }),
    finds: [],
  },
  {
    title: 'no release',
    observed: scene({ release: null }),
    finds: [['error', 'NOT_INSTALLED', 'release']],
    says: /helm upgrade --install/,
  },
  {
    title: 'the Deployment was deleted',
    observed: scene({ deployment: null }),
    finds: [['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass']],
    says: /Install the release again/,
  },
  {
    title: 'the Deployment is scaled to 0',
    observed: scene({ deployment: { wanted: 0, available: 0 } }),
    finds: [['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass']],
    says: /scale deployment acr-nopass --replicas=2/,
  },
  {
    title: 'no Pod of the helper is ready, and why',
    observed: scene({
      deployment: { wanted: 2, available: 0 },
      helperPods: [
        {
          name: 'acr-nopass-1',
          ready: false,
          image: 'ghcr.io/x:1',
          waiting: 'ErrImagePull',
          detail: 'not found',
          restarts: 0,
          exitCode: undefined,
          lastWords: undefined,
          unscheduled: false,
        },
      ],
    }),
    finds: [['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass']],
    says: /Pod acr-nopass-1: ErrImagePull \(ghcr.io\/x:1\): not found/,
  },
  {
    title: 'one of two replicas',
    observed: scene({ deployment: { wanted: 2, available: 1 } }),
    finds: [['warning', 'HELPER_DEGRADED', 'helper acr-nopass/acr-nopass']],
  },
  {
    title: 'nobody renews the lease',
    observed: scene({ lease: { holder: 'gone_1', renewedAt: NOW - 200_000 } }),
    finds: [['error', 'HELPER_LEADERLESS', 'helper acr-nopass/acr-nopass']],
    says: /gone_1 renewed it last at 2026-03-01T11:56:40/,
  },
  {
    title: 'no report yet',
    observed: scene({ status: null }),
    finds: [['error', 'HELPER_SILENT', 'helper acr-nopass/acr-nopass']],
  },
  {
    title: 'a configuration that breaks its schema',
    observed: scene({ release: { config: undefined, configError: 'the configuration is not YAML.' } }),
    finds: [['error', 'CONFIG_UNREADABLE', 'configuration acr-nopass/acr-nopass']],
    says: /the configuration is not YAML/,
  },
  {
    title: 'a configuration that the helper has not read yet',
    observed: scene({ status: { configHash: 'older' } }),
    finds: [['warning', 'CONFIG_PENDING', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'another release and the add-on',
    observed: scene({ others: [{ namespace: 'b', name: 'two' }], addons: ['aliyun-acr-credential-helper'] }),
    finds: [
      ['warning', 'RIVAL_RELEASE', '1 other release'],
      ['warning', 'RIVAL_ADDON', 'add-on aliyun-acr-credential-helper'],
    ],
    says: /--namespace b --release two/,
  },
  {
    title: 'a fight that the helper reports; what doctor sees itself is not said twice',
    observed: scene({
      status: {
        problems: [
          { ...failure('LIST_FOUGHT'), namespace: 'shop', object: 'ServiceAccount shop/default' },
          { ...failure('FOREIGN_SECRET'), namespace: 'shop' },
        ],
      },
    }),
    finds: [['warning', 'HELPER_PROBLEM', 'ServiceAccount shop/default']],
    says: /LIST_FOUGHT/,
  },
  {
    title: 'retiring, with nothing else to say',
    observed: scene({ config: { retire: true }, secrets: new Map(), accounts: [] }),
    finds: [['info', 'RETIRING', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'a dry run',
    observed: scene({ config: { dryRun: true }, secrets: new Map() }),
    finds: [['warning', 'DRY_RUN', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'P2 a registry fails while its last good credential stays',
    observed: scene({ registries: [registry({ state: 'failing', error: failure() })] }),
    finds: [['error', 'REGISTRY_FAILING', 'registry demo']],
    says: /the role may not do it \(NoPermission\)[\s\S]*let it/,
  },
  {
    title: 'a registry that never had a credential',
    observed: scene({ registries: [registry({ state: 'pending', error: failure('CLOUD_NOT_FOUND') })] }),
    finds: [['error', 'REGISTRY_FAILING', 'registry demo']],
  },
  {
    title: 'a registry that has just begun',
    observed: scene({ registries: [registry({ state: 'pending', domains: [] })] }),
    finds: [['warning', 'REGISTRY_PENDING', 'registry demo']],
  },
  {
    title: 'a credential that the registry refuses',
    observed: scene({ registries: [registry({ verified: 'refused' })] }),
    finds: [['error', 'REGISTRY_REFUSES', 'registry demo']],
  },
  {
    title: 'a credential that has expired',
    observed: scene({ registries: [registry({ expiresAt: new Date(NOW - 1).toISOString() })] }),
    finds: [['error', 'REGISTRY_EXPIRED', 'registry demo']],
  },
  {
    title: 'P3 a credential within 10 % of its end',
    observed: scene({
      registries: [
        registry({
          issuedAt: new Date(NOW - 55 * 60_000).toISOString(),
          expiresAt: new Date(NOW + 5 * 60_000).toISOString(),
        }),
      ],
    }),
    finds: [['warning', 'REGISTRY_EXPIRING', 'registry demo']],
  },
  {
    title: 'a fixed login never expires',
    observed: scene({
      registries: [
        { name: 'demo', edition: 'static', fingerprint: 'f', domains: ['x'], state: 'live', verified: 'skipped' },
      ],
    }),
    finds: [],
  },
  {
    title: 'a namespace without its Secret; those that are no targets do not count',
    observed: scene({
      namespaces: [
        namespace('shop'),
        namespace('kube-system'),
        namespace('going', { terminating: true }),
        namespace('out', { optedOut: true }),
      ],
      secrets: new Map(),
    }),
    finds: [['error', 'SECRET_MISSING', 'namespace shop']],
  },
  {
    title: "somebody else's Secret",
    observed: scene({ secrets: shopOnly({ ours: false }) }),
    finds: [['error', 'SECRET_FOREIGN', 'namespace shop']],
    says: /kubectl -n shop delete secret acr-nopass/,
  },
  {
    title: "somebody else's Secret that the helper may take over",
    observed: scene({ config: { adopt: true }, secrets: shopOnly({ ours: false }) }),
    finds: [],
  },
  {
    title: 'a Secret that was changed',
    observed: scene({ secrets: shopOnly({ intact: false }) }),
    finds: [['warning', 'SECRET_CHANGED', 'namespace shop']],
  },
  {
    title: 'a Secret with an expired credential',
    observed: scene({ secrets: shopOnly({ expiresAt: NOW }) }),
    finds: [['error', 'SECRET_EXPIRED', 'namespace shop']],
    says: /acr-nopass refresh/,
  },
  {
    title: 'a Secret that lacks a registry',
    observed: scene({ secrets: shopOnly({ registries: [] }) }),
    finds: [['warning', 'SECRET_INCOMPLETE', 'namespace shop']],
  },
  {
    title: 'a ServiceAccount without the reference; opted-out ones and those of no target do not count',
    observed: scene({
      accounts: [
        account('shop', 'web', { list: ['other'] }),
        account('shop', 'out', { list: [], optedOut: true }),
        account('kube-system', 'default', { list: [] }),
      ],
    }),
    finds: [['error', 'ACCOUNT_UNATTACHED', '1 ServiceAccount']],
  },
  {
    title: 'a ServiceAccount whose list another tool applies',
    observed: scene({
      accounts: [account('shop', 'web', { list: ['x'], owner: { manager: 'argocd', operation: 'Apply' } })],
    }),
    finds: [['error', 'ACCOUNT_FOREIGN', '1 ServiceAccount']],
    says: /"argocd"[\s\S]*\{name: acr-nopass\}/,
  },
  {
    title: 'the admission policy is gone',
    observed: scene(admission),
    finds: [['error', 'POLICY_MISSING', 'MutatingAdmissionPolicy acr-nopass.acr-nopass.acr-nopass']],
  },
  {
    title: 'nothing is said of what may not be read',
    observed: scene({
      ...admission,
      deployment: undefined,
      lease: undefined,
      namespaces: undefined,
      secrets: undefined,
      accounts: undefined,
      pods: undefined,
      podPolicies: undefined,
      unread: [{ what: 'Pods of all namespaces', why: 'no' }],
    }),
    finds: [],
  },
]

for (const { title, observed, finds, says } of ROWS) {
  test(`doctor: ${title}`, () => {
    const findings = diagnose(observed)
    assert.deepEqual(
      findings.map(({ severity, id, subject }) => [severity, id, subject]),
      finds,
    )
    const [first] = findings
    if (says) assert.match(`${first?.cause}\n${first?.cure}\n${first?.command}`, says)
    for (const { message, cause, cure } of findings) assert.ok(message !== '' && cause !== '' && cure !== '')
  })
}

test('doctor: what is worse comes first, many objects are one finding', () => {
  const many = Array.from({ length: 12 }, (_, index) => namespace(`team-${index}`))
  const findings = diagnose(scene({ namespaces: many, secrets: new Map(), deployment: { wanted: 2, available: 1 } }))
  assert.deepEqual(
    findings.map(({ id, subject }) => [id, subject]),
    [
      ['SECRET_MISSING', '12 namespaces'],
      ['HELPER_DEGRADED', 'helper acr-nopass/acr-nopass'],
    ],
  )
  assert.equal(findings[0]?.message, 'no pull secret: team-0, team-1, team-2, team-3, team-4 and 7 more')
  assert.equal(findings[0]?.objects?.length, 12)
})
