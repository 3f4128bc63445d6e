import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { CACHED, openPodBed } from './doctor/pod-bed.ts'
import { POD_SETUPS } from './doctor/pod-setups.ts'
import { PULL_SETUPS } from './doctor/pull-setups.ts'
import { RELEASE_SETUPS } from './doctor/release-setups.ts'
import { runDoctor } from './doctor/run-doctor.ts'
import { testSetups, untilHealthy } from './doctor/setup.ts'
import { contentOf, SECRET } from './helper-kit.ts'

const bed = await openPodBed('doctor-pods')
after(() => bed[Symbol.asyncDispose]())

/** With a second release there, each is a rival of the other. */
const beside = { ...bed.helper, known: () => ['RIVAL_RELEASE'] as const }

test('doctor finds nothing in a healthy cluster with Pods', () => untilHealthy(bed))

testSetups(() => bed, [...POD_SETUPS, ...PULL_SETUPS])

test('P5 P6 doctor pod reads a Secret only where it is told to, that one alone, and shows nothing of it', async () => {
  const { kit } = bed.helper
  await bed.pod('shop', 'asked', `${CACHED}:1`)
  const run = async (...flags: string[]): Promise<{ text: string; reads: string[] }> => {
    const from = kit.auditLength()
    const { text } = await runDoctor(bed.kubeconfig, ['pod', 'shop/asked', ...flags])
    const entries = kit.chart.cluster.auditLog().slice(from)
    const own = entries.filter(({ userAgent, objectRef }) => {
      return userAgent?.startsWith('acr-nopass/') && objectRef?.resource === 'secrets'
    })
    return { text, reads: own.filter(({ verb }) => verb === 'get').map(({ requestURI }) => requestURI) }
  }
  const silent = await run()
  assert.deepEqual(silent.reads, [])
  assert.match(silent.text, /not asked: --ask-registry reads the Secret and asks/)
  const asked = await eventually(async () => {
    const { text, reads } = await run('--ask-registry')
    assert.deepEqual(reads, [`/api/v1/namespaces/shop/secrets/${SECRET}`])
    return text
  })
  assert.match(asked, /it is there for linux\//)
  const { auths } = JSON.parse(contentOf(await kit.secret('shop')))
  for (const { auth } of Object.values(auths) as { auth: string }[]) {
    const password = Buffer.from(auth, 'base64').toString().split(':')[1] ?? ''
    assert.ok(password.length > 8)
    for (const text of [silent.text, asked]) assert.ok(!text.includes(auth) && !text.includes(password))
  }
  await bed.removePod('shop', 'asked')
})

test('doctor pod: whoever may read only the Pod hears what was not checked, and the rest goes on', async () => {
  const { kit } = bed.helper
  await bed.pod('shop', 'watched', `${CACHED}:1`)
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop'
  await bed.helper.create(`${rbac}/roles`, { metadata: { name: 'watcher' }, rules })
  await bed.helper.create(`${rbac}/rolebindings`, {
    metadata: { name: 'watcher' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' },
    subjects: [{ kind: 'User', name: 'anna', apiGroup: 'rbac.authorization.k8s.io' }],
  })
  const kubeconfig = join(kit.chart.cluster.folder, 'anna.kubeconfig')
  await writeFile(kubeconfig, kit.chart.cluster.kubeconfigFor('anna', [], 10), { mode: 0o600 })
  const { code, report } = await eventually(() => runDoctor(kubeconfig, ['pod', 'shop/watched', '--ask-registry']))
  assert.deepEqual([code, report.findings.map(({ id }) => id)], [0, ['RELEASE_UNREADABLE']])
  assert.deepEqual(report.unread.map(({ what }) => what).toSorted(), [
    'ConfigMaps of all namespaces',
    'ConfigMaps of namespace acr-nopass',
    'Events of Pod watched',
    'Namespace shop',
    'Node process-node',
    'Secret shop/acr-nopass (metadata)',
    'ServiceAccount shop/default',
  ])
  await bed.removePod('shop', 'watched')
})

test('doctor pod: a Pod that is not there, and a word that names none', async () => {
  await assert.rejects(runDoctor(bed.kubeconfig, ['pod', 'shop/nobody']), { code: 'KUBE_NOT_FOUND' })
  await assert.rejects(runDoctor(bed.kubeconfig, ['pod', 'nobody']), { code: 'INPUT_INVALID' })
})

testSetups(() => beside, RELEASE_SETUPS)
