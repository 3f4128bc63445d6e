import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Observed, PluginNode } from '../../src/doctor/observed.ts'
import { NopassError } from '../../src/errors.ts'
import type { ClusterFacts } from '../../src/fleet/cluster-facts.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { describeCells } from '../../src/fleet/report/cells.ts'
import { KUBERNETES_VERSION } from '../../src/values/generated/kubernetes-version.ts'
import { observeCloud, role } from '../doctor/cloud-fixture.ts'
import { NOW, registry } from '../doctor/fixture.ts'
import { at, clusterFacts, DEPLOYED, RULES } from './facts.ts'

/** Judges a cluster. Each finding must say what is wrong, why, and what to do. */
function judge(facts: ClusterFacts = clusterFacts()) {
  const check = judgeCluster(facts, RULES)
  for (const { message } of check.ahead) assert.notEqual(message, '')
  for (const { id, severity, subject, message, cause, fix, command } of check.findings) {
    assert.ok(['error', 'warning', 'info'].includes(severity) && command !== '', id)
    const texts = [subject, message, cause, fix]
    assert.ok(
      texts.every((text) => text.length > 3 && !/undefined|\[object|^ | {2}/.test(text)),
      `${id}: ${texts}`,
    )
  }
  return check
}
const idsOf = (facts: ClusterFacts) => judge(facts).findings.map(({ id, severity }) => `${severity} ${id}`)

test('a cluster of which everything was read and nothing is wrong is healthy, without a finding', () => {
  const check = judge()
  assert.deepEqual(check.findings, [])
  assert.deepEqual(check.unread, [])
  assert.equal(check.state, 'healthy')
  assert.deepEqual(check.release, {
    namespace: 'acr-nopass',
    name: 'acr-nopass',
    chart: 'acr-nopass-1.0.0',
    expectedChart: 'acr-nopass-1.0.0',
    revision: 3,
    status: 'deployed',
    updated: '2026-03-01T10:00:00Z',
  })
  assert.deepEqual(check.helper, {
    version: '0.1.0',
    leader: 'acr-nopass-1_x',
    replicas: { wanted: 2, available: 2, since: null },
    reportedAt: at(-1),
    attach: 'serviceAccounts',
  })
  const since = { wanted: 2, available: 2, availableSince: at(-90) }
  assert.equal(judge(clusterFacts({ observed: { deployment: since } })).helper?.replicas?.since, at(-90))
  assert.deepEqual(check.registries, [
    {
      name: 'demo',
      edition: 'enterprise',
      state: 'live',
      issuedAt: at(-20),
      expiresAt: at(40),
      refreshAt: at(20),
      login: 'accepted',
      rights: 'role',
      width: null,
    },
  ])
})

test('P14: a part that could not be read is never healthy', () => {
  const unread = [{ what: 'Pods of all namespaces', why: 'forbidden' }]
  const check = judge(clusterFacts({ observed: { unread } }))
  assert.equal(check.state, 'unread')
  assert.deepEqual(check.unread, unread)
})

test('P14: a cluster whose helper cannot reach the registry is never healthy, and a late renewal is still named', () => {
  const stateOf = (change: Parameters<typeof registry>[0]) => {
    const { state, findings } = judge(clusterFacts({ observed: { registries: [registry(change)] } }))
    return [state, ...findings.map(({ id }) => id)]
  }
  assert.deepEqual(stateOf({ verified: 'accepted' }), ['healthy'])
  assert.deepEqual(stateOf({ verified: 'unreachable' }), ['unread', 'REGISTRY_UNVERIFIED'])
  const late = { verified: 'unreachable', refreshAt: at(-10) } as const
  assert.deepEqual(stateOf(late), ['unread', 'REGISTRY_UNVERIFIED', 'CREDENTIAL_NOT_RENEWED'])
})

test('P14: a release whose record could not be read is not compared, and the cluster is unread', () => {
  const check = judge(clusterFacts({ release: { deployed: undefined, objects: undefined, values: undefined } }))
  assert.equal(check.state, 'unread')
  assert.deepEqual(check.drift, { objects: null, values: null })
  assert.deepEqual(
    check.unread.map(({ what }) => what),
    ['The objects of release acr-nopass/acr-nopass'],
  )
})

test('P14: what RAM did not let the check read is unread; the absence of credentials is only said', () => {
  const notes = [{ what: 'role helper', why: 'your credentials lack the right ram:GetRole' }]
  const cloud = { ...observeCloud().cloud, notes } as ReturnType<typeof observeCloud>['cloud']
  assert.equal(judge(clusterFacts({ observed: { cloud } })).state, 'unread')
  const check = judge(clusterFacts({ observed: { cloud: { state: 'not-inspected', why: 'no credentials' } } }))
  assert.equal(check.state, 'healthy')
  assert.deepEqual(check.cloud, { read: false, why: 'no credentials', account: null, roles: [] })
  assert.deepEqual(judge(clusterFacts({ observed: { cloud: observeCloud().cloud } })).cloud, {
    read: true,
    why: null,
    account: '1',
    roles: [{ name: 'nodes', exists: true, policy: 'acr-nopass-c1', attached: false, versions: null }],
  })
})

test('RAM reports the user of an access key to nobody, so that alone does not make a cluster unread', () => {
  const notes = [
    { what: "the policies of the access key's user", why: 'RAM does not report which user a key belongs to' },
  ]
  const cloud = { ...observeCloud().cloud, notes } as ReturnType<typeof observeCloud>['cloud']
  assert.equal(judge(clusterFacts({ observed: { cloud } })).state, 'healthy')
})

test("a cluster outside of ACK has no VPC in ACK, so that alone does not make it unread; an ACK cluster's VPC counts", () => {
  const looked = observeCloud().cloud
  assert.ok(looked.state === 'looked')
  const notes = [{ what: "the cluster's VPC", why: "the cluster's objects do not show that it is an ACK cluster" }]
  const stateOf = (clusterId: string | undefined) => {
    const place = { ...looked.facts.place, clusterId }
    return judge(clusterFacts({ observed: { cloud: { ...looked, notes, facts: { ...looked.facts, place } } } })).state
  }
  assert.deepEqual([stateOf(undefined), stateOf('c1')], ['healthy', 'unread'])
})

test('what could not be read is listed once, however often it was tried', () => {
  const unread = { what: 'Lease acr-nopass/acr-nopass', why: 'forbidden' }
  assert.deepEqual(judge(clusterFacts({ observed: { unread: [unread, { ...unread }] } })).unread, [unread])
  const other = { ...unread, why: 'timeout' }
  assert.deepEqual(judge(clusterFacts({ observed: { unread: [unread, other] } })).unread, [unread, other])
})

test('an error comes before a warning, whoever found it', () => {
  const history = [DEPLOYED, { ...DEPLOYED, revision: 4, status: 'pending-upgrade' as const }]
  const observed = { deployment: { wanted: 2, available: 1 } }
  assert.deepEqual(idsOf(clusterFacts({ observed, release: { history } })), [
    'error RELEASE_PENDING',
    'warning HELPER_DEGRADED',
  ])
})

test('P14: a cluster whose objects cannot be judged is unread, and ends no check of other clusters', () => {
  const deployment = { wanted: 2, available: 2, failing: null } as unknown as Observed['deployment']
  const facts = clusterFacts({ observed: { deployment } })
  const reached = 'reached' in facts ? facts.reached : assert.fail()
  const broken = { ...reached, release: null as never }
  const check = judge({ name: 'one', ack: null, reached: broken })
  assert.deepEqual([check.name, check.state, check.findings[0]?.id], ['one', 'unread', 'CLUSTER_UNREAD'])
})

test('a cluster that does not respond is unread, with the reason and the fix', () => {
  const error = new NopassError('CLUSTER_UNREACHABLE', 'the API server https://1.2.3.4 does not respond', {
    reason: 'ECONNREFUSED',
  })
  const check = judge({ name: 'prod', ack: null, error })
  assert.equal(check.state, 'unread')
  const [finding] = check.findings
  assert.equal(finding?.id, 'CLUSTER_UNREAD')
  assert.equal(
    finding?.message,
    'it could not be checked: the API server https://1.2.3.4 does not respond (ECONNREFUSED)',
  )
  assert.equal(finding?.fix, error.hint)
})

test('a cluster that ACK no longer has is a finding of its own', () => {
  // The code is ACK's: https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-describeclusterdetail
  const ack = { clusterId: 'c1', region: 'cn-hangzhou' }
  const error = new NopassError('CLOUD_NOT_FOUND', 'cs DescribeClusterDetail', { reason: 'ErrorClusterNotFound' })
  const check = judge({ name: 'prod', ack, error })
  assert.deepEqual([check.state, ...check.findings.map(({ id }) => id)], ['failed', 'CLUSTER_GONE'])
  const other = (code: 'CLOUD_DENIED' | 'CLOUD_NOT_FOUND', reason: string) =>
    new NopassError(code, 'cs DescribeClusterDetail', { reason })
  for (const one of [other('CLOUD_DENIED', 'ErrorClusterNotFound'), other('CLOUD_NOT_FOUND', 'Other')])
    assert.equal(judge({ name: 'prod', ack, error: one }).findings[0]?.id, 'CLUSTER_UNREAD')
  assert.equal(judge({ name: 'prod', ack: null, error }).findings[0]?.id, 'CLUSTER_UNREAD')
  assert.deepEqual(check.unread, [])
})

test('of a cluster that was not reached nothing is reported as known', () => {
  const { findings, ...rest } = judge({ name: 'prod', ack: null, error: new NopassError('CLUSTER_UNREACHABLE', 'no') })
  assert.deepEqual(
    findings.map(({ severity, health }) => [severity, health]),
    [['error', 'unknown']],
  )
  const unknown = {
    server: null,
    kubernetes: null,
    release: null,
    helper: null,
    nodes: null,
    registries: null,
    cloud: null,
  }
  assert.deepEqual(rest, {
    ...{ name: 'prod', state: 'unread', ack: null, ...unknown, namespaces: null, serviceAccounts: null, ahead: [] },
    drift: { objects: null, values: null },
    unread: [{ what: 'The cluster', why: 'CLUSTER_UNREACHABLE: no' }],
  })
})

test('a part of the cluster that was not read is null, and the rest is shown', () => {
  const check = judge(clusterFacts({ release: { history: undefined, deployed: undefined, objects: undefined } }))
  assert.deepEqual([check.release?.revision, check.release?.status, check.release?.chart], [null, null, null])
  const bare = judge(clusterFacts({ observed: { status: null, lease: undefined, deployment: undefined } }))
  const { version, leader, replicas, reportedAt, attach } = bare.helper ?? assert.fail()
  assert.deepEqual([version, leader, replicas, reportedAt, attach], [null, null, null, null, 'serviceAccounts'])
  assert.deepEqual([bare.registries, bare.namespaces, bare.serviceAccounts], [null, null, null])
})

test('a release without a record of Helm, as Argo CD installs it, is not healthy, because nothing was compared', () => {
  const none = { history: [], deployed: undefined, objects: undefined, values: undefined }
  const check = judge(clusterFacts({ release: none }))
  assert.deepEqual([check.state, check.release, check.findings], ['unread', null, []])
  assert.deepEqual(
    check.unread.map(({ what }) => what),
    ["Helm's record of release acr-nopass/acr-nopass"],
  )
  const absent = judge(clusterFacts({ observed: { release: null }, release: none }))
  assert.deepEqual(absent.unread, [])
})

test('a role of the cloud is shown as far as it was read', () => {
  const shown = (change: Parameters<typeof role>[0]) => {
    const [one] =
      judge(clusterFacts({ observed: { cloud: observeCloud({ role: role(change) }).cloud } })).cloud?.roles ?? []
    return [one?.name, one?.exists, one?.attached]
  }
  const ours = [{ name: 'acr-nopass-c1', custom: true, document: '{}' }]
  assert.deepEqual(shown({ attached: ours }), ['nodes', true, true])
  assert.deepEqual(shown({ role: undefined, attached: undefined }), [null, null, null])
  assert.deepEqual(shown({ role: null, attached: [] }), [null, false, false])
})

test('a late renewal is reported although doctor reports another registry', () => {
  const near = registry({ issuedAt: at(-58), refreshAt: at(-10), expiresAt: at(2) })
  const late = registry({ name: 'late', refreshAt: at(-10) })
  const check = judge(clusterFacts({ observed: { registries: [near, late] } }))
  assert.deepEqual(
    check.findings.map(({ id, subject }) => [id, subject]),
    [
      ['REGISTRY_EXPIRING', 'registry demo'],
      ['CREDENTIAL_NOT_RENEWED', 'registry late'],
    ],
  )
})

for (const status of ['pending-install', 'pending-upgrade', 'pending-rollback'] as const) {
  test(`a release that is ${status} is an error`, () => {
    const history = [DEPLOYED, { ...DEPLOYED, revision: 4, status }]
    assert.deepEqual(idsOf(clusterFacts({ release: { history } })), ['error RELEASE_PENDING'])
    assert.equal(judge(clusterFacts({ release: { history } })).state, 'failed')
  })
}

test('the nodes that pull without a Secret are counted, as far as kubelets could be read', () => {
  const node = (config: PluginNode['config'], change: Partial<PluginNode> = {}): PluginNode => {
    return { name: 'n', version: 'v1.37.2', pool: 'workers', config, calls: 0, errors: 0, ...change }
  }
  const read = (nodes: readonly PluginNode[], more = 0) => {
    const plugins = { nodes, more, matchImages: [], grantsTokens: false, mayRequestTokens: undefined }
    return judge(clusterFacts({ observed: { plugins } }))
  }
  const virtual = node('none', { isVirtual: true })
  const check = read([node('ours'), node('other', { calls: 2 }), node('none'), node(undefined), virtual], 3)
  assert.deepEqual(check.nodes, { total: 7, withPlugin: 2, unknown: 4 })
  assert.equal(describeCells(check, NOW).helper, '2/2, 2 of 7 nodes')
  assert.equal(read([node(undefined), node(undefined)]).nodes, null)
  assert.equal(judge().nodes, null)
  assert.deepEqual(read([]).nodes, { total: 0, withPlugin: 0, unknown: 0 })
  const without = read([node('none')])
  assert.deepEqual(without.nodes, { total: 1, withPlugin: 0, unknown: 0 })
  assert.equal(describeCells(without, NOW).helper, '2/2')
})

test('a failed upgrade is an error, and its objects are not called unread', () => {
  const history = [DEPLOYED, { ...DEPLOYED, revision: 4, status: 'failed' as const }]
  const check = judge(clusterFacts({ release: { history, objects: undefined } }))
  assert.deepEqual(
    check.findings.map(({ id, message }) => [id, message]),
    [['RELEASE_FAILED', 'revision 4 is failed since 2026-03-01T10:00:00Z']],
  )
  assert.deepEqual(check.unread, [])
})

test('a release of another chart version is a warning', () => {
  const deployed = { chart: 'acr-nopass-0.9.0', values: {}, objects: [], hooks: [] }
  const check = judge(clusterFacts({ release: { deployed } }))
  assert.equal(check.state, 'warning')
  assert.equal(
    check.findings[0]?.message,
    'it has the chart acr-nopass-0.9.0, and a rollout would install acr-nopass-1.0.0',
  )
})

test('a helper of another version than its chart is a warning, and is not reported beside another chart', () => {
  const rules = { ...RULES, version: '0.2.0' }
  const check = judgeCluster(clusterFacts(), rules)
  assert.equal(check.state, 'warning')
  assert.deepEqual(
    check.findings.map(({ id, message }) => [id, message]),
    [['RELEASE_OTHER_VERSION', 'its helper reports version 0.1.0, and the chart is for 0.2.0']],
  )
  const deployed = { chart: 'acr-nopass-0.9.0', values: {}, objects: [], hooks: [] }
  assert.equal(judgeCluster(clusterFacts({ release: { deployed } }), rules).findings.length, 1)
  assert.deepEqual(judgeCluster(clusterFacts(), { ...RULES, chart: undefined, version: undefined }).findings, [])
})

test('changed and missing objects, and other values, are drift with the paths', () => {
  const check = judge(
    clusterFacts({
      release: {
        objects: [
          { object: 'Deployment home/helper', change: 'changed', fields: ['spec.replicas'], added: ['spec.paused'] },
          { object: 'Service home/helper', change: 'missing', fields: [], added: [] },
        ],
        values: ['attach', 'registries'],
      },
    }),
  )
  assert.equal(check.state, 'drifted')
  assert.deepEqual(
    check.findings.map(({ id, message }) => [id, message]),
    [
      [
        'OBJECTS_DRIFTED',
        '2 objects in the cluster differ from the release: Deployment home/helper (spec.replicas, spec.paused), Service home/helper (missing)',
      ],
      ['VALUES_DRIFTED', 'the release has other values than the list: attach, registries'],
    ],
  )
})

test('a credential whose renewal is overdue and that expires within the horizon is reported once', () => {
  const late = [registry({ refreshAt: at(-10), expiresAt: at(40) })]
  assert.deepEqual(idsOf(clusterFacts({ observed: { registries: late } })), ['warning CREDENTIAL_NOT_RENEWED'])
  // Doctor already reports a credential in the last tenth of its lifetime.
  const near = [registry({ issuedAt: at(-58), refreshAt: at(-10), expiresAt: at(2) })]
  assert.deepEqual(idsOf(clusterFacts({ observed: { registries: near } })), ['warning REGISTRY_EXPIRING'])
  const [due, far] = [registry({ refreshAt: at(-4) }), registry({ refreshAt: at(-10), expiresAt: at(25 * 60) })]
  assert.deepEqual(idsOf(clusterFacts({ observed: { registries: [due] } })), [])
  assert.deepEqual(idsOf(clusterFacts({ observed: { registries: [far] } })), [])
})

test('a renewal that did not happen follows its cause, a helper that is down', () => {
  const observed = { registries: [registry({ refreshAt: at(-10) })], deployment: { wanted: 2, available: 0 } }
  const { findings } = judge(clusterFacts({ observed }))
  assert.deepEqual(
    findings
      .filter(({ id }) => id === 'HELPER_DOWN' || id === 'CREDENTIAL_NOT_RENEWED')
      .map(({ id, causedBy }) => [id, causedBy]),
    [
      ['HELPER_DOWN', undefined],
      ['CREDENTIAL_NOT_RENEWED', 'HELPER_DOWN'],
    ],
  )
})

test('a helper that is down because its Deployment was changed follows the drift', () => {
  const objects = [
    { object: 'Deployment acr-nopass/acr-nopass', change: 'changed' as const, fields: ['spec.replicas'], added: [] },
  ]
  const { state, findings } = judge(
    clusterFacts({ observed: { deployment: { wanted: 0, available: 0 } }, release: { objects } }),
  )
  assert.equal(state, 'failed')
  assert.deepEqual(
    findings.map(({ id, causedBy }) => [id, causedBy]),
    [
      ['OBJECTS_DRIFTED', undefined],
      ['HELPER_DOWN', 'OBJECTS_DRIFTED'],
    ],
  )
})

test('fields that another client added are drift, and the fix says that restoring keeps them', () => {
  const drift = (added: readonly string[]) =>
    judge(clusterFacts({ release: { objects: [{ object: 'Service a/b', change: 'changed', fields: [], added }] } }))
  assert.match(drift(['spec.externalIPs']).findings[0]?.fix ?? '', /remove them with `kubectl edit`\.$/)
})

test('the oldest minor is that of the support page, and admission begins with the minor of the chart', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
  const [, oldest = ''] = /^\| Kubernetes \| 1\.(\d+) and newer/m.exec(read('docs/en/support.md')) ?? []
  const [, admission = ''] = /semverCompare ">=1\.(\d+)\.0-0"/.exec(read('chart/templates/_attach.tpl')) ?? []
  const minor = (number: number, attach?: string) =>
    judge(clusterFacts({ observed: { kubernetes: `v1.${number}.0` }, ...(attach && { attach }) }))
  assert.equal(minor(Number(oldest)).findings.length, 0)
  assert.equal(minor(Number(oldest) - 1).findings[0]?.id, 'KUBERNETES_UNSUPPORTED')
  assert.match(minor(Number(admission), 'auto').ahead[0]?.message ?? '', /^The cluster has Kubernetes /)
  assert.match(minor(Number(admission) - 1, 'auto').ahead[0]?.message ?? '', /^After an upgrade to Kubernetes /)
})

test('a Kubernetes minor outside of the support table is a warning', () => {
  assert.deepEqual(idsOf(clusterFacts({ observed: { kubernetes: 'v1.29.4-aliyun.1' } })), [
    'warning KUBERNETES_UNSUPPORTED',
  ])
})

test('a version of Kubernetes counts by its minor, with or without a `v`, and an unknown one is not judged', () => {
  const found = (kubernetes: string) =>
    judge(clusterFacts({ observed: { kubernetes } })).findings.map(({ subject }) => subject)
  assert.deepEqual(found('1.29.0'), ['Kubernetes 1.29.0'])
  for (const version of ['v1.30.0', 'x1.29.0', 'v11.29.0', '1.x', 'v2.1.0'])
    assert.deepEqual(found(version), [], version)
  const minor = Number(/^v?1\.(\d+)/.exec(KUBERNETES_VERSION)?.[1])
  const ahead = (kubernetes: string) => judge(clusterFacts({ observed: { kubernetes } })).ahead.map(({ id }) => id)
  assert.deepEqual([ahead(`v1.${minor}.9`), ahead(`v1.${minor + 1}.0`)], [[], ['KUBERNETES_NEWER']])
})

test('`attach: auto` changes only what attaches to ServiceAccounts of the whole cluster', () => {
  const ahead = (config: Record<string, unknown>) =>
    judge(clusterFacts({ observed: { kubernetes: 'v1.35.0', config }, attach: 'auto' })).ahead.map(({ id }) => id)
  const targets = { namespaces: { include: ['shop'] } }
  assert.deepEqual(ahead({ attach: 'serviceAccounts' }), ['ATTACH_SWITCHES'])
  assert.deepEqual([ahead({ attach: 'admission' }), ahead({ scope: 'namespaces', targets })], [[], []])
  const unknown = clusterFacts({ observed: { kubernetes: undefined }, attach: 'auto' })
  assert.deepEqual(judge(unknown).ahead, [])
})

test('a failed release says whether a revision is still recorded as deployed', () => {
  const failed = { ...DEPLOYED, revision: 4, status: 'failed' as const }
  const found = (...history: readonly (typeof failed | typeof DEPLOYED)[]) =>
    judge(clusterFacts({ release: { history } })).findings[0]
  assert.match(found(DEPLOYED, failed)?.cause ?? '', /; revision 3 is still recorded as deployed\.$/)
  assert.match(found(failed)?.cause ?? '', /, and no revision is deployed\.$/)
  assert.equal(found(DEPLOYED, failed)?.command, 'helm -n acr-nopass history acr-nopass')
  const uninstalling = { ...DEPLOYED, revision: 4, status: 'uninstalling' as const }
  assert.equal(found(DEPLOYED, uninstalling)?.message, 'revision 4 is uninstalling since 2026-03-01T10:00:00Z')
  assert.equal(found(DEPLOYED, { ...DEPLOYED, revision: 4, status: 'superseded' }), undefined)
})

test('a cluster without any record of a release has no release, and the pending one of none is not reported', () => {
  const check = judge(clusterFacts({ observed: { release: null }, release: { history: [], deployed: undefined } }))
  assert.deepEqual([check.release, check.helper, check.registries], [null, null, null])
  assert.deepEqual(
    check.findings.map(({ id }) => id),
    ['NOT_INSTALLED'],
  )
})

test('during an upgrade the version that the old helper reports is no finding', () => {
  const rules = { ...RULES, version: '0.2.0' }
  const history = [DEPLOYED, { ...DEPLOYED, revision: 4, status: 'pending-upgrade' as const }]
  const ids = (facts: ClusterFacts) => judgeCluster(facts, rules).findings.map(({ id }) => id)
  assert.deepEqual(ids(clusterFacts({ release: { history } })), ['RELEASE_PENDING'])
  assert.deepEqual(judgeCluster(clusterFacts(), { ...RULES, version: undefined }).findings, [])
})

test('drift says whether objects are missing or changed, and whether a restore removes everything', () => {
  const objectOf = (name: string, more: object = {}) =>
    ({ object: `Service a/${name}`, change: 'changed', fields: ['spec.x'], added: [], ...more }) as const
  const missing = { change: 'missing', fields: [] } as const
  const drift = (...objects: readonly ReturnType<typeof objectOf>[]) =>
    judge(clusterFacts({ release: { objects } })).findings[0]
  assert.equal(drift(objectOf('a', missing), objectOf('b', missing))?.cause, 'Somebody deleted what Helm created.')
  for (const one of [drift(objectOf('a', missing), objectOf('b')), drift(objectOf('a'))]) {
    assert.equal(one?.cause, 'Somebody changed what Helm created, and Helm does not notice that.')
    assert.doesNotMatch(one?.fix ?? '', /kubectl edit/)
  }
  assert.match(
    drift(objectOf('a'))?.message ?? '',
    /^1 object in the cluster differs from the release: Service a\/a \(spec\.x\)$/,
  )
  assert.match(drift(objectOf('a', { added: ['y'] }), objectOf('b'))?.fix ?? '', /kubectl edit/)
  const many = objectOf('a', { fields: ['a', 'b'], added: ['c', 'd'] })
  assert.match(drift(many)?.message ?? '', /\(a, b, c and 1 more\)$/)
  assert.deepEqual(drift(objectOf('a'), objectOf('b', missing))?.objects, ['Service a/a', 'Service a/b'])
  assert.match(drift(objectOf('a'))?.command ?? '', /^helm -n acr-nopass get manifest acr-nopass/)
})

test('a renewal is late after five minutes, and counts while its credential lives and ends within the horizon', () => {
  const day = 24 * 60
  const isReported = (minutesDue: number, minutesLeft: number): boolean => {
    const late = [registry({ issuedAt: at(-60), refreshAt: at(minutesDue), expiresAt: at(minutesLeft) })]
    return idsOf(clusterFacts({ observed: { registries: late } })).includes('warning CREDENTIAL_NOT_RENEWED')
  }
  assert.deepEqual([isReported(-5.1, 60), isReported(-5, 60)], [true, false])
  assert.deepEqual([isReported(-60, day), isReported(-60, day + 0.1), isReported(-60, 0)], [true, false, false])
  const unknown = [registry({ issuedAt: undefined as never, refreshAt: at(-60) })]
  const [finding] = judge(clusterFacts({ observed: { registries: unknown } })).findings
  assert.match(finding?.cause ?? '', /^The last credential is from an unknown time\./)
})

test('a renewal that did not happen follows a helper that is silent or has no leader, and no other finding', () => {
  const late = [registry({ refreshAt: at(-10) })]
  const causes = (observed: object) =>
    judge(clusterFacts({ observed: { registries: late, ...observed } })).findings.flatMap(({ id, causedBy }) =>
      id === 'CREDENTIAL_NOT_RENEWED' ? [causedBy] : [],
    )
  assert.deepEqual(causes({ deployment: { wanted: 2, available: 1 } }), [undefined])
  assert.deepEqual(causes({ lease: { holder: '', renewedAt: NOW - 60 * 60_000 } }), ['HELPER_LEADERLESS'])
})

test('what will change by itself is listed, and is not a finding', () => {
  const ahead = (kubernetes: string, attach?: string) => {
    const check = judge(clusterFacts({ observed: { kubernetes }, ...(attach && { attach }) }))
    assert.deepEqual(check.findings, [])
    return check.ahead
  }
  assert.deepEqual(ahead('v1.35.2', 'serviceAccounts'), [])
  assert.deepEqual(ahead('v1.35.2', 'auto'), [
    {
      id: 'ATTACH_SWITCHES',
      message:
        'After an upgrade to Kubernetes 1.36, the next rollout turns `attach: auto` from serviceAccounts into admission.',
    },
  ])
  assert.deepEqual(
    ahead('v1.36.0', 'auto').map(({ message }) => message),
    ['The cluster has Kubernetes 1.36, so the next rollout turns `attach: auto` from serviceAccounts into admission.'],
  )
  assert.deepEqual(
    ahead('v1.30.1').map(({ id }) => id),
    ['KUBERNETES_LEAVES'],
  )
  assert.deepEqual(
    ahead('v1.99.0').map(({ id }) => id),
    ['KUBERNETES_NEWER'],
  )
})

test('a policy with as many versions as RAM keeps is listed as what will change, and its number is shown', () => {
  const policy = { name: 'acr-nopass-c1', description: '', document: '', defaultVersion: 'v1', ours: true }
  const of = (versions: number) => {
    const { cloud } = observeCloud({ role: role({ policy: { ...policy, versions } }) })
    return judge(clusterFacts({ observed: { cloud } }))
  }
  assert.deepEqual(of(4).ahead, [])
  assert.equal(of(4).cloud?.roles[0]?.versions, 4)
  assert.deepEqual(
    of(5).ahead.map(({ id }) => id),
    ['POLICY_FULL'],
  )
})

test('texts of a cluster are printable in the whole result', () => {
  const evil = 'a\u001b[31m\n::error::b eyJhbGciOiJSUzI1NiIsImtpZCI6.eyJzdWIi.abc'
  const observed = { kubernetes: `v1.37.0${evil}`, unread: [{ what: evil, why: evil }], server: evil }
  const objects = [{ object: evil, change: 'changed' as const, fields: [evil], added: [evil] }]
  const text = JSON.stringify(judge(clusterFacts({ observed, release: { objects, values: [evil] } })))
  // A control character would be an escape of JSON that is not escaped itself.
  assert.doesNotMatch(text, /(?<!\\)(?:\\\\)*\\(?:n|u001b)/)
  assert.equal(text.includes('eyJhbGciOiJSUzI1NiIsImtpZCI6'), false)
})
