import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Observed, PluginNode } from '../../src/doctor/observed.ts'
import { NopassError } from '../../src/errors.ts'
import type { ClusterFacts } from '../../src/fleet/cluster-facts.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { describeCells } from '../../src/fleet/report/cells.ts'
import { observeCloud } from '../doctor/cloud-fixture.ts'
import { NOW, registry } from '../doctor/fixture.ts'
import { at, clusterFacts, DEPLOYED, RULES } from './facts.ts'

const judge = (facts: ClusterFacts = clusterFacts()) => judgeCluster(facts, RULES)
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
  const reached = { ...('reached' in facts ? facts.reached : assert.fail()), versions: null as never }
  const check = judge({ name: 'one', ack: null, reached })
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
  const denied = new NopassError('CLOUD_DENIED', 'cs DescribeClusterDetail', { reason: 'Forbidden' })
  assert.equal(judge({ name: 'prod', ack, error: denied }).findings[0]?.id, 'CLUSTER_UNREAD')
})

for (const status of ['pending-install', 'pending-upgrade', 'pending-rollback'] as const) {
  test(`a release that is ${status} is an error`, () => {
    const history = [DEPLOYED, { ...DEPLOYED, revision: 4, status }]
    assert.deepEqual(idsOf(clusterFacts({ release: { history } })), ['error RELEASE_PENDING'])
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
  const cloud = observeCloud().cloud
  const of = (count: number) =>
    judge(clusterFacts({ observed: { cloud }, versions: new Map([['acr-nopass-c1', count]]) }))
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
