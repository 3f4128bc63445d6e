import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { testCases, untilHealthy } from './doctor/case.ts'
import { POD_CASES } from './doctor/pod-cases.ts'
import { CACHED, openPodFixture } from './doctor/pod-fixture.ts'
import { PULL_CASES } from './doctor/pull-cases.ts'
import { RELEASE_CASES } from './doctor/release-cases.ts'
import { runDoctor } from './doctor/run-doctor.ts'
import { contentOf, SECRET } from './helper-cluster.ts'

const fixture = await openPodFixture('doctor-pods')
after(() => fixture[Symbol.asyncDispose]())

/** With a second release, each release conflicts with the other. */
const beside = { ...fixture.helper, known: () => ['RIVAL_RELEASE'] as const }

test('doctor finds nothing in a healthy cluster with Pods', () => untilHealthy(fixture))

testCases(() => fixture, [...POD_CASES, ...PULL_CASES])

test('P5 P6 doctor pod reads a Secret only with the flag, only that one, and shows nothing of it', async () => {
  const { helperCluster } = fixture.helper
  await fixture.pod('shop', 'asked', `${CACHED}:1`)
  const run = async (...flags: string[]): Promise<{ text: string; reads: string[] }> => {
    const from = helperCluster.auditLength()
    const { text } = await runDoctor(fixture.kubeconfig, ['pod', 'shop/asked', ...flags])
    const entries = readAuditLog(helperCluster.chart.cluster).slice(from)
    const own = entries.filter(({ userAgent, objectRef }) => {
      return userAgent?.startsWith('acr-nopass/') && objectRef?.resource === 'secrets'
    })
    return { text, reads: own.filter(({ verb }) => verb === 'get').map(({ requestURI }) => requestURI) }
  }
  const silent = await run()
  assert.deepEqual(silent.reads, [])
  assert.match(silent.text, /not requested: --ask-registry reads the Secret and queries the registry/)
  const queried = await eventually(async () => {
    const { text, reads } = await run('--ask-registry')
    assert.deepEqual(reads, [`/api/v1/namespaces/shop/secrets/${SECRET}`])
    return text
  })
  assert.match(queried, /it is there for linux\//)
  const { auths } = JSON.parse(contentOf(await helperCluster.secret('shop')))
  for (const { auth } of Object.values(auths) as { auth: string }[]) {
    const password = Buffer.from(auth, 'base64').toString().split(':')[1] ?? ''
    assert.ok(password.length > 8)
    for (const text of [silent.text, queried]) assert.ok(!text.includes(auth) && !text.includes(password))
  }
  await fixture.removePod('shop', 'asked')
})

test('doctor pod: with access only to the Pod it reports what was not checked, and the other checks continue', async () => {
  const { helperCluster } = fixture.helper
  await fixture.pod('shop', 'watched', `${CACHED}:1`)
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop'
  await fixture.helper.create(`${rbac}/roles`, { metadata: { name: 'watcher' }, rules })
  await fixture.helper.create(`${rbac}/rolebindings`, {
    metadata: { name: 'watcher' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' },
    subjects: [{ kind: 'User', name: 'anna', apiGroup: 'rbac.authorization.k8s.io' }],
  })
  const kubeconfig = join(helperCluster.chart.cluster.folder, 'anna.kubeconfig')
  await writeFile(kubeconfig, helperCluster.chart.cluster.kubeconfigFor('anna', [], 10), { mode: 0o600 })
  // Until the container has started, no pull was seen.
  const report = await eventually(async () => {
    const { code, report } = await runDoctor(kubeconfig, ['pod', 'shop/watched', '--ask-registry'])
    assert.deepEqual([code, report.findings.map(({ id }) => id)], [0, ['RELEASE_UNREADABLE']])
    return report
  })
  assert.deepEqual(report.unread.map(({ what }) => what).toSorted(), [
    'ConfigMaps of all namespaces',
    'ConfigMaps of namespace acr-nopass',
    'Events of Pod watched',
    'Namespace shop',
    'Node process-node',
    'Secret shop/acr-nopass (metadata)',
    'ServiceAccount shop/default',
  ])
  await fixture.removePod('shop', 'watched')
})

test('doctor pod: a Pod that does not exist, and an argument that is not a Pod', async () => {
  await assert.rejects(runDoctor(fixture.kubeconfig, ['pod', 'shop/nobody']), { code: 'KUBE_NOT_FOUND' })
  await assert.rejects(runDoctor(fixture.kubeconfig, ['pod', 'nobody']), { code: 'INPUT_INVALID' })
})

testCases(() => beside, RELEASE_CASES)
