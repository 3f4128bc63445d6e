import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { HELPER_NODE_FLAGS } from '../../sandbox/image/helper-image.ts'
import type { ObjectMeta } from '../../src/kube/types.ts'
import { runBin } from '../cli/run-bin.ts'
import { CHART, openHelm } from '../support/chart/chart.ts'
import { eventually } from '../support/eventually.ts'
import { writeHelperProgram } from '../support/helper-program.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'
import { testGetValues } from './values-get-suite.ts'

/** Another address of the helper's image, so that Pods are replaced as by a new version. */
const OLD_IMAGE = 'released/acr-nopass'
const OLD = { image: { registry: '', repository: OLD_IMAGE } }
const SHOPS = ['shop-a', 'shop-b']
/** Every namespace that has the pull secret. */
const ALL = [HOME, 'default', ...SHOPS]

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-upgrade-'))
const helper = join(folder, 'helper.mjs')
await writeHelperProgram(helper)
const helperCluster = await openHelperCluster('chart-upgrade', undefined, {
  images: { [OLD_IMAGE]: [process.execPath, ...HELPER_NODE_FLAGS, helper] },
})
after(async () => {
  await helperCluster[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
const { admin, chart } = helperCluster
for (const name of SHOPS) await chart.createNamespace(name)
await chart.createNamespace(HOME, { 'pod-security.kubernetes.io/enforce': 'restricted' })

/** Objects that must survive an upgrade and a rollback with their UIDs unchanged. */
const KEPT = [
  ...ALL.map((namespace) => `/api/v1/namespaces/${namespace}/secrets/${SECRET}`),
  `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}-status`,
  `/api/v1/namespaces/${HOME}/serviceaccounts/${RELEASE}`,
  `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`,
  `/apis/apps/v1/namespaces/${HOME}/deployments/${RELEASE}`,
]
const uids = () =>
  Promise.all(
    KEPT.map(async (path) => (await admin.request<{ metadata: ObjectMeta }>({ method: 'GET', path })).metadata.uid),
  )

test('P4 an upgrade and a rollback replace the Pods, write no Secret, and keep every object', async () => {
  await using helm = await openHelm()
  const target = ['--namespace', HOME, '--kubeconfig', chart.cluster.adminKubeconfigFile]
  const run = async (args: readonly string[], own: readonly object[] = []): Promise<void> => {
    const { code, stderr } = await helm.run([...args, ...target], own)
    assert.equal(code, 0, stderr)
  }
  // Helm's own wait ends when the new Pods have verified their registries and the old Pods are
  // deleted.
  const wait = ['--wait', '--timeout', '180s']
  await run(['install', RELEASE, CHART, ...wait], [helperCluster.values, OLD])
  await helperCluster.settled()
  const before = await uids()
  const old = new Set(helperCluster.helpers().map(({ uid }) => uid))
  assert.deepEqual(await doctor(), [])

  const from = helperCluster.auditLength()
  await run(['upgrade', RELEASE, CHART, ...wait], [helperCluster.values])
  await eventually(() => assert.ok(helperCluster.helpers().every(({ uid }) => !old.has(uid))), 60_000)
  await checkAll(before)
  assert.deepEqual(secretWrites(from), [])
  assert.deepEqual(await doctor(), [])

  await run(['rollback', RELEASE, '1', ...wait])
  await checkAll(before)
  assert.deepEqual(secretWrites(from), [])
  assert.deepEqual(await doctor(), [])
  await run(['uninstall', RELEASE, '--wait'])
  await eventually(() => assert.deepEqual(helperCluster.helpers(), []), 60_000)
})

testGetValues(() => chart)

/**
 * Waits until the present leader has reported that everything is written. Before, the status is
 * that of the leader before.
 */
function settledUnderLeader() {
  return eventually(async () => {
    const [status, { name }] = await Promise.all([helperCluster.settled(), helperCluster.leader()])
    assert.equal(status.leader.split('_')[0], name)
    return status
  }, 60_000)
}

/** Returns the paths of all patches of Secrets since the entry `from` of the audit log. */
function secretWrites(from: number): readonly string[] {
  return helperCluster
    .requests(from)
    .filter(({ verb }) => verb === 'patch')
    .map(({ requestURI = '' }) => requestURI.replace(/\?.*/, ''))
    .filter((path) => path.includes('/secrets/'))
    .toSorted()
}

/** Returns the IDs of the findings of this version's doctor. */
async function doctor(): Promise<readonly string[]> {
  const flags = ['--kubeconfig', chart.cluster.adminKubeconfigFile, '-o', 'json']
  const { stdout } = await runBin(['doctor', ...flags])
  const { findings } = JSON.parse(stdout) as { findings: readonly { id: string; subject: string }[] }
  return findings.map(({ id, subject }) => `${id} ${subject}`).sort()
}

/**
 * Checks that the objects are the same, every namespace has the one live credential and its
 * reference, and no helper crashed.
 */
async function checkAll(before: unknown): Promise<void> {
  const status = await settledUnderLeader()
  assert.deepEqual(
    status.registries.map(({ state }) => state),
    ['live'],
  )
  assert.deepEqual(await uids(), before)
  const contents = (await Promise.all(ALL.map(helperCluster.secret))).map(contentOf)
  assert.equal(new Set(contents).size, 1)
  for (const namespace of SHOPS) assert.deepEqual(names(await helperCluster.account(namespace)), [SECRET])
  // A container that exits is restarted and counted.
  const { items } = await admin.request<{
    items: readonly { metadata: ObjectMeta; status?: { containerStatuses?: readonly { restartCount: number }[] } }[]
  }>({ method: 'GET', path: `/api/v1/namespaces/${HOME}/pods` })
  const restarts = items.flatMap(({ status: of }) => of?.containerStatuses ?? []).map((one) => one.restartCount)
  assert.ok(restarts.length > 0 && restarts.every((count) => count === 0), String(restarts))
}
