import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeDenial } from '../../src/alibaba/transport/denial.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { judgeHealth } from '../../src/doctor/finding.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import type { ReleaseFacts } from '../../src/installation/find-release.ts'
import { LIMIT_NOT_ASKED, type LimitStatus, type RegistryStatus } from '../../src/installation/helper-status.ts'
import { type Row, testFindings } from './finding-table.ts'
import { failure, fixture, HOST, limitedEntry, limitedRegistry, NOW, registry, secret } from './fixture.ts'

const BASE = limitedRegistry(['base'], 'base')

/** A cluster with one limited credential, whose limit has these facts. */
function limitedTo(limit: Partial<LimitStatus>, change: Partial<RegistryStatus> = {}): Observed {
  const whole = { entries: ['base'], repositories: ['base/*'], granted: 'granted', width: 'not-checked' } as const
  return fixture({
    config: { registries: [limitedEntry('base', ['shop'])] },
    registries: [limitedRegistry(['base'], 'base', { limit: { ...whole, ...limit }, ...change })],
    secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: ['base'] })])),
  })
}

function fixedLogin(verified: RegistryStatus['verified']): RegistryStatus {
  return { name: 'demo', edition: 'static', fingerprint: 'f', domains: ['x'], state: 'live', verified }
}

const CONTROL_POLICY = describeDenial(
  { action: 'cr:GetAuthorizationToken', principal: 'p:s', policyType: 'ControlPolicy', isExplicit: true },
  undefined,
)

/** Another release, with the configuration of the first except for the given keys. */
function other(config: Readonly<Record<string, unknown>> = {}): ReleaseFacts {
  const { release } = fixture({ config })
  if (release === undefined) throw new Error('a release')
  return { ...release, namespace: 'b', name: 'two' }
}

/** A release that a tenant forged. */
const FORGED: ReleaseFacts = {
  ...other(),
  namespace: 'aaa',
  config: undefined,
  evidence: 'missing',
  why: 'nothing proves it',
}

const entry = { edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou', limit: 'repositories' }
/** Two limited registries of one instance. */
const LIMITED = {
  config: {
    registries: [
      { ...entry, name: 'demo', repositories: ['team/*'] },
      { ...entry, name: 'base', repositories: ['base/*'] },
    ],
  },
  secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: ['demo', 'base'] })])),
}
/** The credential that limited registries share. */
function union(entries: readonly string[], change: Partial<RegistryStatus> = {}): RegistryStatus {
  const limit = { entries, repositories: ['team/*'], granted: 'granted', width: 'limited' } as const
  return registry({ name: 'demo.0123abcd', limit, ...change })
}

/** An image that the node has for this Pod. */
function running(key: string, image: string): NonNullable<Observed['images']>[number] {
  const [namespace = '', pod = ''] = key.split('/')
  return { namespace, pod, image }
}

/** The Pod's process runs, but the Pod is not ready. */
const notReady = {
  name: 'acr-nopass-1',
  ready: false,
  image: 'ghcr.io/x:1',
  waiting: undefined,
  detail: undefined,
  restarts: 0,
  exitCode: undefined,
  lastLog: undefined,
  unscheduled: false,
}

const ROWS: readonly Row[] = [
  { title: 'a healthy release', observed: fixture(), finds: [] },
  {
    title: 'a healthy release with attach: admission',
    observed: fixture({ config: { attach: 'admission' } }),
    finds: [],
  },
  {
    title: 'no release',
    observed: fixture({ release: null }),
    finds: [['error', 'NOT_INSTALLED', 'release']],
    message: /helm upgrade --install acr-nopass oci:\/\/ghcr\.io\/acr-nopass\/charts\/acr-nopass --version /,
  },
  {
    title: "only ConfigMaps of a tenant have the labels of a release: nothing is diagnosed by the tenant's report",
    observed: fixture({ release: null, others: [FORGED] }),
    finds: [['error', 'NOT_INSTALLED', 'release']],
    message: /may set these labels; nothing proves it[\s\S]*pass --namespace and --release/,
  },
  {
    title: 'besides the release, ConfigMaps of a tenant have the labels of another release',
    observed: fixture({ others: [FORGED] }),
    finds: [['info', 'RIVAL_RELEASE', '1 unverified release']],
    message: /may set these labels; nothing proves it/,
  },
  {
    title: 'the Deployment was deleted',
    observed: fixture({ deployment: null }),
    finds: [['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass']],
    message:
      /helm -n acr-nopass get manifest acr-nopass \| kubectl -n acr-nopass apply --server-side --force-conflicts --field-manager=helm -f -/,
  },
  {
    title: 'the Deployment is scaled to 0',
    observed: fixture({ deployment: { wanted: 0, available: 0 } }),
    finds: [['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass']],
    message: /helm -n acr-nopass get manifest acr-nopass/,
  },
  {
    title: 'no Pod of the helper is ready, and why',
    observed: fixture({
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
          lastLog: undefined,
          unscheduled: false,
        },
      ],
    }),
    finds: [['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass']],
    message: /Pod acr-nopass\/acr-nopass-1 does not start: ErrImagePull \(ghcr.io\/x:1\): not found/,
  },
  {
    title: 'one of two replicas',
    observed: fixture({ deployment: { wanted: 2, available: 1 } }),
    finds: [['warning', 'HELPER_DEGRADED', 'helper acr-nopass/acr-nopass']],
  },
  {
    title: 'the lease is not renewed',
    observed: fixture({ lease: { holder: 'gone_1', renewedAt: NOW - 200_000 } }),
    finds: [['error', 'HELPER_LEADERLESS', 'helper acr-nopass/acr-nopass']],
    message:
      /gone_1 renewed it last at 2026-03-01T11:56:40[\s\S]*LEASE_REFUSED shows why no Pod can acquire the Lease[\s\S]*kubectl -n acr-nopass logs -l app.kubernetes.io\/instance=acr-nopass/,
  },
  {
    title: 'the API server refuses the Lease to every replica, so they run and are not ready',
    observed: fixture({
      deployment: { wanted: 1, available: 0 },
      helperPods: [notReady],
      lease: { holder: 'gone_1', renewedAt: NOW - 200_000 },
    }),
    finds: [
      ['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass'],
      ['error', 'HELPER_LEADERLESS', 'helper acr-nopass/acr-nopass'],
    ],
  },
  {
    title: 'the only replica waits for its image',
    observed: fixture({
      deployment: { wanted: 1, available: 0 },
      helperPods: [{ ...notReady, waiting: 'ContainerCreating' }],
      lease: { holder: 'gone_1', renewedAt: NOW - 200_000 },
    }),
    finds: [['error', 'HELPER_DOWN', 'helper acr-nopass/acr-nopass']],
  },
  {
    title: 'there is no lease, which the helper creates itself after half a minute',
    observed: fixture({ lease: null }),
    finds: [['error', 'HELPER_LEADERLESS', 'helper acr-nopass/acr-nopass']],
    message: /Wait half a minute: the helper creates the Lease\. .*\n.*helm -n acr-nopass get manifest acr-nopass/,
  },
  {
    title: 'no report yet',
    observed: fixture({ status: null }),
    finds: [['error', 'HELPER_SILENT', 'helper acr-nopass/acr-nopass']],
  },
  {
    title: 'a configuration that violates its schema',
    observed: fixture({ release: { config: undefined, configError: 'the configuration is not YAML.' } }),
    finds: [['error', 'CONFIG_UNREADABLE', 'configuration acr-nopass/acr-nopass']],
    message: /the configuration is not YAML/,
  },
  {
    title: 'a configuration that violates its schema is not reported as a conflict with another release',
    observed: fixture({
      release: { config: undefined, configError: 'the configuration is not YAML.' },
      others: [other({ targets: { namespaces: { include: ['elsewhere-*'] } } })],
    }),
    finds: [['error', 'CONFIG_UNREADABLE', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'a configuration that the helper has not read yet',
    observed: fixture({ status: { configHash: 'older' } }),
    finds: [['warning', 'CONFIG_PENDING', 'configuration acr-nopass/acr-nopass']],
    healthy: null,
  },
  {
    title: 'a registry of the configuration is missing in the report about this same configuration',
    observed: fixture({ registries: [] }),
    finds: [['warning', 'REGISTRY_PENDING', 'registry demo']],
    says: "it is not in the helper's report",
    healthy: null,
  },
  {
    title: 'limited registries that are reported with the credential that serves them',
    observed: fixture({ ...LIMITED, registries: [union(['demo', 'base'])] }),
    finds: [],
  },
  {
    title: 'a limited registry that no namespace needs',
    observed: fixture({ ...LIMITED, registries: [union(['demo'])] }),
    finds: [],
  },
  {
    title: 'a credential of limited registries that the registry refuses',
    observed: fixture({ ...LIMITED, registries: [union(['demo', 'base'], { verified: 'refused' })] }),
    finds: [['error', 'REGISTRY_REFUSES', 'registry demo.0123abcd']],
  },
  {
    title: 'P13 images of running Pods outside of the limit of their namespace, each named once',
    observed: fixture({
      ...LIMITED,
      registries: [union(['demo', 'base'], { domains: [HOST] })],
      images: [
        running('shop/web-1', `${HOST}/team/app:1`),
        running('shop/web-1', `${HOST}/other/app:1`),
        running('shop/web-2', `${HOST}/other/app@sha256:0`),
        running('kube-system/dns', `${HOST}/other/dns`),
        running('acr-nopass/x', `${HOST}/base/os`),
        running('shop/web-3', 'docker.io/other/app'),
      ],
    }),
    finds: [['warning', 'POD_OUTSIDE_LIMIT', '1 image']],
    says: 'the credential of their namespace is limited to other repositories: other/app (Pod shop/web-2)',
    message: /next pull works only if the repository is public or the Pod has another pull secret/,
    healthy: null,
  },
  ...[
    {
      title: 'images of Pods while the domains of the instance are not known',
      registries: [union(['demo', 'base'], { domains: [] })],
    },
    { title: 'images of Pods while the namespaces are not readable', namespaces: undefined },
    {
      title: 'images of Pods in a namespace that only the own copy serves',
      config: { ...LIMITED.config, targets: { namespaces: { include: ['team-*'] } } },
    },
  ].map(({ title, ...change }) => ({
    title: `${title}: nothing is said about a limit`,
    observed: fixture({
      ...LIMITED,
      registries: [union(['demo', 'base'], { domains: [HOST] })],
      images: [running('shop/web-1', `${HOST}/other/app:1`), running('acr-nopass/x', `${HOST}/other/app`)],
      ...change,
    }),
    finds: [],
  })),
  {
    title: 'a registry that is not in the report because that part of it cannot be read',
    observed: fixture({ registries: [], release: { unreadableStatus: ['registries[0].state'] } }),
    finds: [['warning', 'STATUS_UNREADABLE', 'report acr-nopass/acr-nopass-status']],
    healthy: null,
  },
  {
    title: 'a registry of a new configuration, about which there is no report yet',
    observed: fixture({ registries: [], status: { configHash: 'older' } }),
    finds: [['warning', 'CONFIG_PENDING', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'another release and the add-on',
    observed: fixture({ others: [other()], addons: ['aliyun-acr-credential-helper'] }),
    finds: [
      ['warning', 'RIVAL_RELEASE', '1 other release'],
      ['warning', 'RIVAL_ADDON', 'add-on aliyun-acr-credential-helper'],
    ],
    message: /--namespace b --release two/,
  },
  {
    title: 'another release with another secretName, or with other namespaces, is not a conflict',
    observed: fixture({
      others: [other({ secretName: 'keys-login' }), other({ targets: { namespaces: { include: ['elsewhere-*'] } } })],
    }),
    finds: [],
  },
  // Pulls need the old Secrets until every Pod has been recreated.
  {
    title: "the vendor's add-on next to acr-nopass: the printed command only reads",
    observed: fixture({ addons: ['aliyun-acr-credential-helper'] }),
    finds: [['warning', 'RIVAL_ADDON', 'add-on aliyun-acr-credential-helper']],
    message: /until nothing depends on its Secrets[\s\S]*\nacr-nopass cleanup --legacy$/,
  },
  {
    title: 'LIST_CONFLICT that the helper reports; what doctor finds itself is not reported twice',
    observed: fixture({
      status: {
        problems: [
          { ...failure('LIST_CONFLICT'), namespace: 'shop', object: 'ServiceAccount shop/default' },
          { ...failure('FOREIGN_SECRET'), namespace: 'shop' },
        ],
      },
    }),
    finds: [['warning', 'LIST_CONFLICT', 'ServiceAccount shop/default']],
    message: /LIST_CONFLICT/,
  },
  {
    title: 'a pull secret that another writer keeps changing, in two namespaces',
    observed: fixture({
      status: {
        problems: [
          { ...failure('SECRET_CONFLICT'), namespace: 'shop' },
          { ...failure('SECRET_CONFLICT'), namespace: 'bank' },
        ],
      },
    }),
    finds: [['warning', 'SECRET_CONFLICT', '2 namespaces']],
    message: /\nkubectl -n shop get events --field-selector reason=SecretConflict$/,
  },
  {
    title: 'a listed namespace that the helper has no permission to read',
    observed: fixture({ status: { problems: [{ ...failure('NAMESPACE_UNREADABLE'), namespace: 'shop' }] } }),
    finds: [['warning', 'NAMESPACE_UNREADABLE', 'namespace shop']],
    message: /\nkubectl get namespace shop$/,
  },
  {
    title: 'a retiring release without another problem',
    observed: fixture({ config: { retire: true }, secrets: new Map(), accounts: [] }),
    finds: [['info', 'RETIRING', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'P2 a registry fails while its last good credential stays',
    observed: fixture({ registries: [registry({ state: 'failing', error: failure() })] }),
    finds: [['error', 'RAM_DENIED', 'registry demo']],
    message: /the role may not do it \(NoPermission\)[\s\S]*acr-nopass policy -f values\.yaml/,
  },
  {
    title: 'a registry whose role is limited by a control policy: no policy of the role is advised',
    observed: fixture({
      registries: [registry({ state: 'failing', error: { ...failure(), fix: CONTROL_POLICY.fix ?? '' } })],
    }),
    finds: [['error', 'RAM_DENIED', 'registry demo']],
    message: /Ask the administrators of the resource directory to allow the action/,
  },
  {
    title:
      'a registry whose OIDC provider has no fingerprint that the issuer uses: the fix is not about the trust policy',
    observed: fixture({
      registries: [
        registry({
          state: 'failing',
          error: {
            ...failure('IDENTITY_NOT_TRUSTED'),
            reason: 'AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch',
            fix: 'add the fingerprint',
          },
        }),
      ],
    }),
    finds: [['error', 'ROLE_NOT_TRUSTED', 'registry demo']],
    message: /add the fingerprint[\s\S]*\naliyun ims ListOIDCProviders$/,
  },
  {
    title: 'a registry that never had a credential',
    observed: fixture({ registries: [registry({ state: 'pending', error: failure('CLOUD_NOT_FOUND') })] }),
    finds: [['error', 'INSTANCE_NOT_FOUND', 'registry demo']],
  },
  {
    title: 'a registry that has just started',
    observed: fixture({ registries: [registry({ state: 'pending', domains: [] })] }),
    finds: [['warning', 'REGISTRY_PENDING', 'registry demo']],
    healthy: null,
  },
  {
    title: 'a credential that the registry refuses',
    observed: fixture({ registries: [registry({ verified: 'refused' })] }),
    finds: [['error', 'REGISTRY_REFUSES', 'registry demo']],
  },
  {
    title: 'a credential that has expired',
    observed: fixture({ registries: [registry({ expiresAt: new Date(NOW - 1).toISOString() })] }),
    finds: [['error', 'REGISTRY_EXPIRED', 'registry demo']],
  },
  {
    title: 'P3 a credential in the last 10 % of its lifetime',
    observed: fixture({
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
    title: 'P14 a token of which the report does not say when it expires',
    observed: fixture({ registries: [registry({ expiresAt: undefined as never })] }),
    finds: [['warning', 'STATUS_UNREADABLE', 'report acr-nopass/acr-nopass-status']],
    says: "parts of the helper's report cannot be read: expiresAt of registry demo",
    healthy: null,
  },
  {
    title: 'P14 a credential that the helper uses although it cannot reach the registry',
    observed: fixture({ registries: [registry({ verified: 'unreachable' })] }),
    finds: [['warning', 'REGISTRY_UNVERIFIED', 'registry demo']],
    says: `the helper has not seen the registry accept its credential: no usable answer from ${HOST}`,
    message: /Nodes may reach[\s\S]*`verify\.enabled: false`\.\nacr-nopass refresh$/,
    healthy: null,
  },
  {
    title: 'P14 a fixed login that nobody ever tried',
    observed: fixture({ registries: [fixedLogin('unreachable')] }),
    finds: [['warning', 'REGISTRY_UNVERIFIED', 'registry demo']],
    says: 'the helper has not seen the registry accept its credential: no usable answer from x',
    healthy: null,
  },
  {
    title: 'a credential that was not verified yet, or that nobody wants to be verified',
    observed: fixture({ registries: [registry({ verified: 'skipped' })] }),
    finds: [],
    healthy: true,
  },
  {
    title: 'a credential that is about to expire, of a registry that the helper cannot reach, is one finding',
    observed: fixture({
      registries: [registry({ verified: 'unreachable', expiresAt: new Date(NOW + 60_000).toISOString() })],
    }),
    finds: [['warning', 'REGISTRY_EXPIRING', 'registry demo']],
  },
  { title: 'a fixed login never expires', observed: fixture({ registries: [fixedLogin('skipped')] }), finds: [] },
  {
    title: 'limited entries, of which one is needed by no namespace',
    observed: fixture({
      config: {
        registries: [limitedEntry('base', ['shop']), limitedEntry('team', ['shop']), limitedEntry('idle', ['no'])],
      },
      registries: [limitedRegistry(['base', 'team'], 'base')],
      secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: ['base', 'team'] })])),
    }),
    finds: [],
  },
  {
    title: 'an entry that is not limited and is missing in the report beside limited ones',
    observed: fixture({
      config: { registries: [limitedEntry('base', ['shop']), { ...limitedEntry('extra', ['no']), limit: 'role' }] },
      registries: [limitedRegistry(['base'], 'base')],
      secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: ['base', 'extra'] })])),
    }),
    finds: [['warning', 'REGISTRY_PENDING', 'registry extra']],
    healthy: null,
  },
  {
    title: 'a limited credential that the registry refuses its own list',
    observed: fixture({
      config: { registries: [limitedEntry('base', ['shop'])] },
      registries: [limitedRegistry(['base'], 'base', { state: 'pending', error: failure('LIMIT_NOT_ACCEPTED') })],
      secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: ['base'] })])),
    }),
    finds: [['error', 'LIMIT_NOT_ACCEPTED', `registry ${BASE.name}`]],
  },
  {
    title: 'a limited credential that may pull another list',
    observed: fixture({
      config: { registries: [limitedEntry('base', ['shop'])] },
      registries: [
        limitedRegistry(['base'], 'base', {
          limit: {
            entries: ['base'],
            repositories: ['base/*'],
            granted: 'granted',
            width: 'too-wide',
            reason: 'HTTP 404',
          },
        }),
      ],
      secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: ['base'] })])),
    }),
    finds: [['warning', 'CREDENTIAL_TOO_WIDE', `registry ${BASE.name}`]],
  },
  {
    title: 'P14 a limited credential that was not seen to pull its own list',
    observed: limitedTo({ granted: 'unknown', reason: 'base/x: HTTP 401; the repository may not exist, so set probe' }),
    finds: [['warning', 'LIMIT_UNCONFIRMED', `registry ${BASE.name}`]],
    says: 'nothing shows yet that its credential, which is limited to base/*, can pull',
    message: /base\/x: HTTP 401; the repository may not exist[\s\S]*Set `probe`[\s\S]*\nacr-nopass refresh$/,
    healthy: null,
  },
  {
    title: 'a limited credential that this leader has not tried, because the leader before requested it',
    observed: limitedTo({ granted: 'unknown', reason: LIMIT_NOT_ASKED }),
    finds: [],
    healthy: true,
  },
  {
    title: 'a limited credential that may pull too much is one finding, whatever else is not known',
    observed: limitedTo({ granted: 'unknown', width: 'too-wide', reason: 'HTTP 404' }),
    finds: [['warning', 'CREDENTIAL_TOO_WIDE', `registry ${BASE.name}`]],
  },
  {
    title: 'a limited credential of a registry that the helper cannot reach is one finding',
    observed: limitedTo({ granted: 'unknown', reason: 'no response' }, { verified: 'unreachable' }),
    finds: [['warning', 'REGISTRY_UNVERIFIED', `registry ${BASE.name}`]],
    healthy: null,
  },
]

testFindings(ROWS)

test('health is unknown if it cannot be read whether something is another release; a forged release does not make it unknown', () => {
  const health = (evidence: 'missing' | 'unknown'): boolean | null =>
    judgeHealth(diagnose(fixture({ others: [{ ...FORGED, evidence }] })), 0)
  assert.deepEqual([health('missing'), health('unknown')], [true, null])
})
