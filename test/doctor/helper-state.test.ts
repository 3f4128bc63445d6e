import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { PluginFacts, PluginNode } from '../../src/doctor/observed.ts'
import type { HelperPod } from '../../src/installation/helper-pod.ts'
import { type Row, testFindings } from './finding-table.ts'
import { failure, fixture, IMAGE, NOW, registry, secret, stuckPod } from './fixture.ts'

const HELPER = 'helper acr-nopass/acr-nopass'
const CONFIG = 'configuration acr-nopass/acr-nopass'
const pod = (change: Partial<HelperPod> = {}): HelperPod => ({
  name: 'acr-nopass-1',
  ready: true,
  image: 'ghcr.io/x:1',
  waiting: undefined,
  detail: undefined,
  restarts: 0,
  exitCode: undefined,
  lastLog: undefined,
  unscheduled: false,
  ...change,
})
const notReady = (change: Partial<HelperPod> = {}): HelperPod => pod({ ready: false, ...change })
const failedPull = notReady({ name: 'acr-nopass-2', waiting: 'ErrImagePull', detail: 'not found' })
const { missingRights: _, excessRights: __, ...withoutRights } = fixture()
const SILENT = { holder: 'acr-nopass-1_x', renewedAt: NOW - 200_000 }

const PODS: readonly Row[] = [
  {
    title: 'a Deployment that was deleted',
    observed: fixture({ deployment: null }),
    finds: [['error', 'HELPER_DOWN', HELPER]],
    says: 'its Deployment does not exist',
    message: /The Deployment was deleted, or never created\.[\s\S]*install the release again/,
  },
  {
    title: 'a Deployment that was scaled to 0',
    observed: fixture({ deployment: { wanted: 0, available: 0 } }),
    finds: [['error', 'HELPER_DOWN', HELPER]],
    says: 'its Deployment is scaled to 0',
    message: /kubectl scale/,
  },
  {
    title: 'no replica is available, and why is not known',
    observed: fixture({ deployment: { wanted: 2, available: 0 } }),
    finds: [['error', 'HELPER_DOWN', HELPER]],
    says: '0 of 2 replicas available',
    message:
      /not ready yet, or no node has room for them\.\nRead the Events of its Pods\.\nkubectl -n acr-nopass describe deployment,pods -l app\.kubernetes\.io\/instance=acr-nopass$/,
  },
  {
    title: 'the Pods of the helper may not be read',
    observed: fixture({ deployment: { wanted: 1, available: 0 }, helperPods: undefined }),
    finds: [['error', 'HELPER_DOWN', HELPER]],
    says: '0 of 1 replica available',
  },
  {
    title: 'all replicas are available, and a new Pod of an upgrade cannot pull its image',
    observed: fixture({ helperPods: [pod(), failedPull] }),
    finds: [['warning', 'HELPER_DEGRADED', HELPER]],
    says: 'an upgrade is stuck: a new Pod does not become ready, and the old Pods keep running',
    message: /Pod acr-nopass\/acr-nopass-2 does not start: ErrImagePull/,
  },
  {
    title: 'all replicas are available, and the API server rejects another Pod',
    observed: fixture({ deployment: { wanted: 2, available: 2, refusal: 'violates PodSecurity "restricted"' } }),
    finds: [['warning', 'HELPER_DEGRADED', HELPER]],
    says: 'an upgrade is stuck: a new Pod does not become ready, and the old Pods keep running',
    message:
      /The API server rejects its Pods: violates PodSecurity "restricted"\nThe message names the Pod Security level/,
  },
  {
    title: 'more replicas than wanted, for a moment of an upgrade',
    observed: fixture({ deployment: { wanted: 2, available: 3 } }),
    finds: [],
  },
  {
    title: 'a right that the helper lacks, and a right that it should not have',
    observed: fixture({ missingRights: ['patch secrets'], excessRights: ['list secrets'] }),
    finds: [
      ['error', 'RIGHTS_MISSING', 'ServiceAccount acr-nopass/acr-nopass'],
      ['warning', 'RIGHTS_WIDE', 'ServiceAccount acr-nopass/acr-nopass'],
    ],
    says: 'the helper lacks 1 right: it may not patch secrets',
  },
  {
    title: 'a Deployment that was deleted and a right that the helper lacks are both reported',
    observed: fixture({ deployment: null, missingRights: ['patch secrets'] }),
    finds: [
      ['error', 'HELPER_DOWN', HELPER],
      ['error', 'RIGHTS_MISSING', 'ServiceAccount acr-nopass/acr-nopass'],
    ],
  },
  {
    title: 'rights that may not be read are neither missing nor too many',
    observed: withoutRights,
    finds: [],
  },
  {
    title: 'without a configuration it is not known which rights the helper needs',
    observed: fixture({
      release: { config: undefined, configError: 'no.' },
      missingRights: ['patch secrets'],
      excessRights: ['list secrets'],
    }),
    finds: [['error', 'CONFIG_UNREADABLE', CONFIG]],
  },
]

const LEADERS: readonly Row[] = [
  {
    title: 'a lease that nobody holds and nobody ever renewed',
    observed: fixture({ lease: { holder: '', renewedAt: 0, writtenAt: NOW - 200_000 } }),
    finds: [['error', 'HELPER_LEADERLESS', HELPER]],
    says: 'no replica is the leader, so nothing is refreshed',
    message: /Lease acr-nopass: no replica renewed it last at an unknown time\./,
  },
  {
    title: 'a lease that is not there',
    observed: fixture({ lease: null }),
    finds: [['error', 'HELPER_LEADERLESS', HELPER]],
    message: /Lease acr-nopass: there is no Lease\./,
  },
  ...(
    [
      [120_000, []],
      [120_001, [['error', 'HELPER_LEADERLESS', HELPER]]],
    ] as const
  ).flatMap(([ms, finds]): readonly Row[] => [
    {
      title: `a lease that was renewed ${ms} ms ago`,
      observed: fixture({ lease: { holder: 'acr-nopass-1_x', renewedAt: NOW - ms } }),
      finds,
    },
    {
      title: `a lease that was written ${ms} ms ago, by the API server's clock`,
      observed: fixture({ lease: { holder: 'acr-nopass-1_x', renewedAt: NOW - ms, writtenAt: NOW - ms } }),
      finds,
    },
  ]),
  {
    title: 'a renewal half a minute in the future is within the tolerance of clocks',
    observed: fixture({ lease: { holder: 'ghost_1', renewedAt: NOW + 30_000 } }),
    finds: [],
  },
  {
    title: 'a renewal more than half a minute in the future counts only if the holder is a Pod of the helper',
    observed: fixture({ lease: { holder: 'ghost_1', renewedAt: NOW + 30_001 } }),
    finds: [['error', 'HELPER_LEADERLESS', HELPER]],
  },
  {
    title: 'a renewal in the future whose holder is none of the Pods of the helper',
    observed: fixture({ helperPods: [pod()], lease: { holder: 'ghost_1', renewedAt: NOW + 9e9 } }),
    finds: [['error', 'HELPER_LEADERLESS', HELPER]],
  },
  {
    title: 'a renewal in the future whose holder is one of the Pods of the helper',
    observed: fixture({
      helperPods: [pod({ name: 'acr-nopass-0' }), pod()],
      lease: { holder: 'acr-nopass-1_x', renewedAt: NOW + 9e9 },
    }),
    finds: [],
  },
  {
    title: 'a Deployment that is scaled to 0 has no leader, which is not reported twice',
    observed: fixture({ deployment: { wanted: 0, available: 0 }, lease: SILENT }),
    finds: [['error', 'HELPER_DOWN', HELPER]],
  },
  {
    title: 'a Deployment that was deleted has no leader, which is not reported twice',
    observed: fixture({ deployment: null, lease: SILENT, status: null }),
    finds: [['error', 'HELPER_DOWN', HELPER]],
  },
  ...(
    [
      ['waits for its image', { waiting: 'ErrImagePull' }],
      ['has no node', { unscheduled: true }],
      ['has ended', { exitCode: 1 }],
    ] as const
  ).map(
    ([what, change]): Row => ({
      title: `no replica leads while the only Pod ${what}: that is not reported twice`,
      observed: fixture({
        deployment: { wanted: 1, available: 0 },
        helperPods: [notReady(change)],
        lease: SILENT,
        status: null,
      }),
      finds: [['error', 'HELPER_DOWN', HELPER]],
    }),
  ),
  {
    title: 'one of two replicas runs, and none leads',
    observed: fixture({
      deployment: { wanted: 2, available: 1 },
      helperPods: [notReady({ name: 'acr-nopass-2', waiting: 'ContainerCreating' }), pod()],
      lease: SILENT,
    }),
    finds: [
      ['error', 'HELPER_LEADERLESS', HELPER],
      ['warning', 'HELPER_DEGRADED', HELPER],
    ],
  },
  {
    title: 'a Deployment that may not be read does not hide that none leads',
    observed: fixture({ deployment: undefined, lease: SILENT }),
    finds: [['error', 'HELPER_LEADERLESS', HELPER]],
  },
  {
    title: 'a replica that is not available yet has not reported, which is not reported twice',
    observed: fixture({ deployment: { wanted: 1, available: 0 }, helperPods: [notReady()], status: null }),
    finds: [['error', 'HELPER_DOWN', HELPER]],
  },
  {
    title: 'a helper that has not reported yet',
    observed: fixture({ status: null }),
    finds: [['error', 'HELPER_SILENT', HELPER]],
    says: 'it has not reported yet',
    message: /ConfigMap acr-nopass-status has no report\.[\s\S]*\nkubectl -n acr-nopass logs /,
  },
  {
    title: 'a helper whose object for the report was deleted',
    observed: fixture({ status: null, release: { hasStatusObject: false } }),
    finds: [['error', 'HELPER_SILENT', HELPER]],
    message: /acr-nopass-status was deleted[\s\S]*Recreate it[\s\S]*\nhelm -n acr-nopass get manifest /,
  },
  {
    title: 'a report that cannot be read at all: its registries are unknown',
    observed: fixture({ status: null, release: { unreadableStatus: ['registries[0].state', 'version'] } }),
    finds: [['warning', 'STATUS_UNREADABLE', 'report acr-nopass/acr-nopass-status']],
    says: "the helper's report cannot be read, so the state of registries and problems is unknown: registries[0].state, version",
    healthy: null,
  },
  {
    title: 'a report that can be read in part',
    observed: fixture({ release: { unreadableStatus: ['version'] } }),
    finds: [['warning', 'STATUS_UNREADABLE', 'report acr-nopass/acr-nopass-status']],
    says: "parts of the helper's report cannot be read: version",
    healthy: null,
  },
]

const CLOCKS: readonly Row[] = [
  ...[30_000, -30_000].map(
    (ms): Row => ({
      title: `clocks that differ by ${ms} ms are within the tolerance`,
      observed: fixture({ aheadMs: ms, lease: { holder: 'h_1', renewedAt: NOW + ms, writtenAt: NOW } }),
      finds: [],
    }),
  ),
  {
    title: "a clock of this machine that is ahead of the API server's",
    observed: fixture({ aheadMs: 90_400 }),
    finds: [['warning', 'CLOCK_SKEW', 'this machine']],
    says: "its clock is 90 s ahead of the API server's",
    message: /clock of this machine by NTP[\s\S]*\ntimedatectl$/,
  },
  {
    title: "a clock of the helper's node that is behind the API server's",
    observed: fixture({ lease: { holder: 'h_1', renewedAt: NOW - 60_000, writtenAt: NOW } }),
    finds: [['warning', 'CLOCK_SKEW', 'node of h']],
    says: "its clock is 60 s behind the API server's",
    message: /clock of the helper's node by NTP[\s\S]*\nkubectl get nodes -o wide$/,
  },
  {
    title: 'a clock of this machine is judged without a release, and without a lease',
    observed: fixture({ aheadMs: 60_000, lease: null, deployment: null }),
    finds: [
      ['error', 'HELPER_DOWN', HELPER],
      ['warning', 'CLOCK_SKEW', 'this machine'],
    ],
  },
  {
    title: 'a lease that was written and never renewed leads to no finding about a clock',
    observed: fixture({ lease: { holder: '', renewedAt: 0, writtenAt: NOW } }),
    finds: [],
  },
]

const CONFIGS: readonly Row[] = [
  {
    title: 'a configuration that the helper cannot use',
    observed: fixture({ release: { config: undefined, configError: 'no YAML.' }, status: { configHash: 'older' } }),
    finds: [['error', 'CONFIG_UNREADABLE', CONFIG]],
    says: 'the helper cannot use this configuration, and continues with the last good one',
  },
  {
    title: 'a configuration that the helper has not read yet',
    observed: fixture({ status: { configHash: 'older' } }),
    finds: [['warning', 'CONFIG_PENDING', CONFIG]],
    says: 'the helper still reports an older configuration',
    message: /\nkubectl -n acr-nopass logs /,
  },
  {
    title: 'a release whose values may not be read: whether the helper has read them is not known',
    observed: fixture({ release: { configHash: undefined }, status: { configHash: 'older' } }),
    finds: [],
  },
  {
    title: 'a release that is being retired',
    observed: fixture({ config: { retire: true } }),
    finds: [['info', 'RETIRING', CONFIG]],
    says: 'the helper removes what it wrote',
    message: /Wait until doctor reports[\s\S]*\nkubectl -n acr-nopass logs /,
  },
  {
    title: 'a release that was retired can be uninstalled',
    observed: fixture({ config: { retire: true }, status: { retired: true } }),
    finds: [['info', 'RETIRING', CONFIG]],
    says: 'everything was removed',
    message: /Uninstall the release now\.\nhelm -n acr-nopass uninstall acr-nopass$/,
  },
  {
    title: "a release that was retired and may be a tenant's: no command uninstalls it",
    observed: fixture({
      config: { retire: true },
      status: { retired: true },
      release: { evidence: 'unknown', why: 'no right' },
    }),
    finds: [['info', 'RETIRING', CONFIG]],
    message: /Uninstall the release now, if the release is yours\.\nundefined$/,
  },
  {
    title: 'a part of an umbrella chart that was retired',
    observed: fixture({ config: { retire: true }, status: { retired: true }, release: { helmRelease: 'apps' } }),
    finds: [['info', 'RETIRING', CONFIG]],
    message: /Remove the dependency from the umbrella chart/,
  },
  {
    title: 'no release is installed, and no object has the labels of a release',
    observed: fixture({ release: null }),
    finds: [['error', 'NOT_INSTALLED', 'release']],
    says: 'no release of acr-nopass was found',
    message: /No ConfigMap carries the label app\.kubernetes\.io\/name=acr-nopass\./,
  },
  {
    title: 'without the right to read something else than ConfigMaps, a release that is not there is missing',
    observed: fixture({ release: null, unread: [{ what: 'Secrets of all namespaces', why: 'no' }] }),
    finds: [['error', 'NOT_INSTALLED', 'release']],
  },
  {
    title: 'without the right to list ConfigMaps it is not known whether a release is there',
    observed: fixture({ release: null, unread: [{ what: 'ConfigMaps of all namespaces', why: 'no' }] }),
    finds: [['warning', 'RELEASE_UNREADABLE', 'release']],
    says: 'you lack the right to search for a release of acr-nopass',
    message: /\nkubectl auth can-i list configmaps --namespace acr-nopass$/,
    healthy: null,
  },
]

const at = (ms: number): string => new Date(NOW + ms).toISOString()
const REGISTRIES: readonly Row[] = [
  {
    title: 'a registry that fails while its last credential is still good',
    observed: fixture({ registries: [registry({ state: 'failing', error: failure(), expiresAt: at(1) })] }),
    finds: [['error', 'RAM_DENIED', 'registry demo']],
    says: `no new credential (CLOUD_DENIED); the last good credential stays in use until ${at(1)}`,
  },
  {
    title: 'a registry that fails, and its last credential has expired',
    observed: fixture({ registries: [registry({ state: 'failing', error: failure(), expiresAt: at(0) })] }),
    finds: [['error', 'RAM_DENIED', 'registry demo']],
    says: `no new credential (CLOUD_DENIED); the last good credential expired at ${at(0)}: pulls fail`,
  },
  {
    title: 'a registry that fails, and whose last credential does not expire',
    observed: fixture({
      registries: [registry({ state: 'failing', error: failure(), expiresAt: undefined as never })],
    }),
    finds: [['error', 'RAM_DENIED', 'registry demo']],
    says: 'no new credential (CLOUD_DENIED); the last good credential stays in use',
  },
  {
    title: 'a registry that fails without a code of the cloud',
    observed: fixture({
      registries: [
        registry({ state: 'failing', error: { ...failure('CLOUD_THROTTLED'), reason: undefined as never } }),
      ],
    }),
    finds: [['error', 'REGISTRY_FAILING', 'registry demo']],
    message: /^the role may not do it\nlet it\nacr-nopass refresh$/,
  },
  {
    title: 'a credential that the registry rejects',
    observed: fixture({ registries: [registry({ verified: 'refused' })] }),
    finds: [['error', 'REGISTRY_REFUSES', 'registry demo']],
    says: 'the registry rejects the credential that the cloud issued',
    message: /\nacr-nopass refresh$/,
  },
  {
    title: 'a registry without a credential yet',
    observed: fixture({ registries: [registry({ state: 'pending' })] }),
    finds: [['warning', 'REGISTRY_PENDING', 'registry demo']],
    says: 'there is no credential yet',
    message: /\nacr-nopass doctor$/,
    healthy: null,
  },
  {
    title: 'a credential that expires in this moment',
    observed: fixture({ registries: [registry({ expiresAt: at(0) })] }),
    finds: [['error', 'REGISTRY_EXPIRED', 'registry demo']],
    says: `its credential expired at ${at(0)}: pulls fail`,
  },
  {
    title: 'a credential with exactly a tenth of its lifetime left',
    observed: fixture({ registries: [registry({ issuedAt: at(-54 * 60_000), expiresAt: at(6 * 60_000) })] }),
    finds: [],
  },
  {
    title: 'a credential with less than a tenth of its lifetime left',
    observed: fixture({ registries: [registry({ issuedAt: at(-54 * 60_000 - 1), expiresAt: at(6 * 60_000 - 1) })] }),
    finds: [['warning', 'REGISTRY_EXPIRING', 'registry demo']],
    says: `its credential expires soon, at ${at(6 * 60_000 - 1)}`,
    message: /The helper reports no failure[\s\S]*\nacr-nopass refresh$/,
  },
]

const OFF = { helper: { enabled: false }, retire: true }

/** What doctor reads of a release without a helper. */
const offFixture = (change: Parameters<typeof fixture>[0] = {}) => {
  const absent = { deployment: null, helperPods: undefined, lease: undefined, admission: undefined } as const
  const config = { ...OFF, ...change.config }
  return fixture({ ...absent, status: null, secrets: new Map(), ...change, config })
}

const node = (name: string, change: Partial<PluginNode> = {}): PluginNode => {
  return { name, version: 'v1.37.2', pool: 'p', config: 'ours', calls: 0, errors: 0, ...change }
}
const plugins = (...nodes: readonly PluginNode[]): PluginFacts => {
  return { nodes, more: 0, matchImages: [], grantsTokens: undefined, mayRequestTokens: undefined }
}

const OFF_ROWS: readonly Row[] = [
  {
    title: 'a helper that the values switch off is not reported as missing, and nodes are not reported as good',
    observed: offFixture(),
    finds: [['info', 'HELPER_OFF', HELPER]],
    says: 'it is off by the values, so Pods pull only on nodes that request logins themselves',
    healthy: null,
  },
  {
    title: 'pull secrets without logins may stay when the helper is off',
    observed: offFixture({ secrets: new Map([['shop', secret({ registries: [] })]]) }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    healthy: null,
  },
  {
    title: 'a login that nobody refreshes, because the helper was removed too early',
    observed: offFixture({ secrets: new Map([['shop', secret()]]) }),
    finds: [['warning', 'HELPER_OFF', HELPER]],
    says: 'it is off, and 1 pull secret with logins is left, in shop',
    message: /\nacr-nopass cleanup --detach --namespace acr-nopass --release acr-nopass$/,
  },
  {
    title: "another owner's Secret is no leftover of the helper",
    observed: offFixture({ secrets: new Map([['shop', secret({ ours: false })]]) }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    healthy: null,
  },
  {
    title: 'a helper that still runs although the values switch it off',
    observed: offFixture({ deployment: { wanted: 2, available: 2 } }),
    finds: [['warning', 'HELPER_OFF', HELPER]],
    says: 'the values switch it off, and its Deployment still exists',
  },
  {
    title: 'without a helper, a Pod that runs without the reference is as it should be',
    observed: offFixture({
      pods: [stuckPod({ references: [], containers: [{ name: 'app', image: IMAGE, running: true }] })],
    }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    healthy: null,
  },
  {
    title: 'without a helper, a Pod that cannot pull is not told to wait for a reference',
    observed: offFixture({ pods: [stuckPod({ references: [], detail: 'pull access denied, authorization failed' })] }),
    finds: [
      ['warning', 'POD_UNKNOWN', 'Pod shop/web-1'],
      ['info', 'HELPER_OFF', HELPER],
    ],
    healthy: null,
  },
  {
    title: 'without a helper, a cluster is well if every node requests logins itself',
    observed: offFixture({ plugins: plugins(node('n1'), node('n2')) }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    says: 'it is off by the values, and every node requests logins itself',
    message: /^`helper\.enabled: false` is set\.\nNothing to do\./,
    healthy: true,
  },
  {
    title: 'without a helper, a node without the program is named',
    observed: offFixture({ plugins: plugins(node('n1', { config: 'none' }), node('n2', { config: 'none' })) }),
    finds: [['warning', 'HELPER_OFF', HELPER]],
    says: 'it is off, and 2 nodes of 2 cannot request logins: n1, n2',
    message: /is set, and these kubelets have no configuration [\s\S]*--field-selector spec\.nodeName=n1$/,
    healthy: null,
  },
  {
    title: 'without a helper, a virtual node cannot pull',
    observed: offFixture({ plugins: plugins(node('n1'), node('eci', { config: undefined, isVirtual: true })) }),
    finds: [['warning', 'HELPER_OFF', HELPER]],
    says: 'it is off, and 1 node of 2 cannot request logins: eci',
    message: /a virtual node has no kubelet of yours/,
    healthy: null,
  },
  {
    title: 'without a helper, a cluster of which no node was read is not called good',
    observed: offFixture({ plugins: plugins() }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    says: 'it is off by the values, so Pods pull only on nodes that request logins themselves',
    healthy: null,
  },
  {
    title: 'without a helper, a kubelet that never called the program and has another configuration is not called good',
    observed: offFixture({ plugins: plugins(node('n1'), node('n2', { config: 'other' })) }),
    finds: [
      ['warning', 'NODE_OTHER_CONFIG', 'node n2'],
      ['info', 'HELPER_OFF', HELPER],
    ],
    healthy: null,
  },
  {
    title: 'all that is left of a helper which is off is reported, and what nodes lack too',
    observed: offFixture({
      deployment: { wanted: 2, available: 2 },
      secrets: new Map(['bank', 'shop'].map((name) => [name, secret()])),
      plugins: plugins(node('n1', { config: 'none' })),
    }),
    finds: [
      ['warning', 'HELPER_OFF', HELPER],
      ['warning', 'HELPER_OFF', HELPER],
      ['warning', 'HELPER_OFF', HELPER],
    ],
  },
  {
    title: 'without a helper, nodes that were not read are not called good',
    observed: offFixture({ plugins: { ...plugins(node('n1')), more: 3 } }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    healthy: null,
  },
  {
    title: 'without a helper, a kubelet that may not be read is not called good',
    observed: offFixture({ plugins: plugins(node('n1'), node('n2', { config: undefined, why: 'no right' })) }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    healthy: null,
  },
  {
    title: 'a helper that is switched off, where the Deployment may not be read',
    observed: offFixture({ deployment: undefined }),
    finds: [['info', 'HELPER_OFF', HELPER]],
    healthy: null,
  },
]

test('what is left of a helper that is off is named: the Secrets with logins, and the nodes without the program', () => {
  const findings = diagnose(
    offFixture({
      secrets: new Map(['bank', 'shop'].map((name) => [name, secret()])),
      plugins: plugins(node('n1'), node('n2', { config: 'none' })),
    }),
  )
  assert.deepEqual(
    findings.filter(({ id }) => id === 'HELPER_OFF').map(({ message, objects }) => [message, objects]),
    [
      ['it is off, and 2 pull secrets with logins are left, in bank, shop', ['bank', 'shop']],
      ['it is off, and 1 node of 2 cannot request logins: n2', ['n2']],
    ],
  )
})

testFindings([...OFF_ROWS, ...PODS, ...LEADERS, ...CLOCKS, ...CONFIGS, ...REGISTRIES])
