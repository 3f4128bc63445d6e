import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { parse } from 'yaml'
import { HELPER_NODE_FLAGS } from '../../sandbox/image/helper-image.ts'
import { formatError } from '../../src/errors.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { ANNOTATION_LOG } from '../../src/kube/names.ts'
import type { ObjectMeta } from '../../src/kube/types.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { runBin } from '../cli/run-bin.ts'
import { CHART, openHelm } from '../support/chart/chart.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'
import { testGetValues } from './values-get-suite.ts'

// The files of 0.1.0 as `npm run release -- build` built them at commit d74dab4, and values for
// them. The files of the next released version will replace them.
const fixtureFile = (name: string): string =>
  fileURLToPath(new URL(`fixtures/acr-nopass-0.1.0${name}`, import.meta.url))
const PREVIOUS = fixtureFile('.tgz')
/**
 * The image repository of that version's helper. The tests run both versions under the same version
 * number, so the repositories must differ.
 */
const OLD_IMAGE = 'released/acr-nopass'
const OLD = { image: { registry: '', repository: OLD_IMAGE } }
const SHOPS = ['shop-a', 'shop-b']
/** Every namespace that has the pull secret. */
const ALL = [HOME, 'default', ...SHOPS]

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-upgrade-'))
const oldHelper = join(folder, 'helper.mjs')
await writeFile(oldHelper, gunzipSync(await readFile(fixtureFile('-helper.mjs.gz'))))
const helperCluster = await openHelperCluster('chart-upgrade', undefined, {
  images: { [OLD_IMAGE]: [process.execPath, ...HELPER_NODE_FLAGS, oldHelper] },
})
after(async () => {
  await helperCluster[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})
const { admin, chart } = helperCluster
for (const name of SHOPS) await chart.createNamespace(name)
await chart.createNamespace(HOME, { 'pod-security.kubernetes.io/enforce': 'restricted' })

const oldValues = await readFile(fixtureFile('-values.yaml'), 'utf8')
const values = [helperCluster.values, parse(oldValues) as object]

/** The pull secrets, by path. */
const SECRETS = ALL.map((namespace) => `/api/v1/namespaces/${namespace}/secrets/${SECRET}`).toSorted()

/** Objects that must survive an upgrade and a rollback with their UIDs unchanged. */
const KEPT = [
  ...SECRETS,
  `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}-status`,
  `/api/v1/namespaces/${HOME}/serviceaccounts/${RELEASE}`,
  `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`,
  `/apis/apps/v1/namespaces/${HOME}/deployments/${RELEASE}`,
]
const uids = () =>
  Promise.all(
    KEPT.map(async (path) => (await admin.request<{ metadata: ObjectMeta }>({ method: 'GET', path })).metadata.uid),
  )

test('values of 0.1.0 are valid unchanged', async () => {
  const defaults = { name: 'values.yaml', text: await readFile(join(CHART, 'values.yaml'), 'utf8') }
  const needed = { name: 'needed.yaml', text: JSON.stringify(helperCluster.values) }
  const { errors } = loadValues({ files: [needed, { name: '0.1.0.yaml', text: oldValues }], defaults })
  assert.deepEqual(errors.map(formatError), [])
})

test('P4 an upgrade from the previous version writes every Secret at most once, in place; after a rollback all are served', async () => {
  await using helm = await openHelm()
  const target = ['--namespace', HOME, '--kubeconfig', chart.cluster.adminKubeconfigFile]
  const run = async (args: readonly string[], own: readonly object[] = []): Promise<void> => {
    const { code, stderr } = await helm.run([...args, ...target], own)
    assert.equal(code, 0, stderr)
  }
  // Helm's own wait ends when the new Pods have verified their registries and the old Pods are
  // deleted.
  const wait = ['--wait', '--timeout', '180s']
  await run(['install', RELEASE, PREVIOUS, ...wait], [...values, OLD])
  await helperCluster.settled()
  const before = await uids()
  const old = new Set(helperCluster.helpers().map(({ uid }) => uid))
  const findings = await doctor()
  // The previous chart's guard limits neither Events nor the keys of the status, and doctor
  // reports this.
  assert.deepEqual(findings, [
    'GUARD_INACTIVE ValidatingAdmissionPolicy acr-nopass.acr-system.acr-nopass.configmaps',
    'GUARD_MISSING ValidatingAdmissionPolicy acr-nopass.acr-system.acr-nopass.events',
  ])

  const from = helperCluster.auditLength()
  await run(['upgrade', RELEASE, CHART, ...wait], values)
  await eventually(() => assert.ok(helperCluster.helpers().every(({ uid }) => !old.has(uid))), 60_000)
  await checkAll(before)
  // The log is new to Secrets of 0.1.0 (docs/en/decisions.md#own-copy).
  await eventually(() => assert.deepEqual(secretWrites(from), SECRETS))
  assert.deepEqual(await doctor(), [])

  await run(['rollback', RELEASE, '1', ...wait])
  await checkAll(before)
  assert.deepEqual(await doctor(), findings)
  await run(['uninstall', RELEASE, '--wait'])
  await eventually(() => assert.deepEqual(helperCluster.helpers(), []), 60_000)
})

test('P4 helpers of two versions running together: either leader serves all namespaces, and neither reverts the other', async () => {
  await using helm = await openHelm('helm4')
  const target = ['--namespace', HOME, '--kubeconfig', chart.cluster.adminKubeconfigFile]
  const install = async (from: string, own: object): Promise<void> => {
    const flags = ['--install', '--wait', '--timeout', '180s', ...target]
    const { code, stderr } = await helm.run(['upgrade', RELEASE, from, ...flags], [...values, own])
    assert.equal(code, 0, stderr)
  }
  await install(PREVIOUS, OLD)
  await helperCluster.settled()
  const before = await uids()
  const [oldPod] = helperCluster.helpers()
  assert.ok(oldPod)

  // Starts a Pod of the new version next to the old one, as in the middle of a rollout, for as long
  // as the test needs it.
  const beside = `${RELEASE}-new`
  await admin.request({ method: 'POST', path: `/api/v1/namespaces/${HOME}/pods`, body: await newPod(helm, beside) })
  await eventually(async () => assert.ok(await isReady(beside)), 60_000)
  assert.equal((await helperCluster.leader()).name, oldPod.name)
  const rotation = await rotate()

  // The old leader is killed until the new version leads. The old Pod comes back as a standby.
  await eventually(async () => {
    const leader = await helperCluster.leader()
    if (leader.name !== beside) await removePod(leader.name)
    assert.equal(leader.name, beside)
  }, 120_000)
  await eventually(() => assert.equal(helperCluster.helpers().length, 2), 60_000)
  await settledUnderLeader()
  for (const secret of await Promise.all(ALL.map(helperCluster.secret)))
    assert.ok(secret?.metadata.annotations?.[ANNOTATION_LOG])
  const second = await rotate()
  assert.notDeepEqual(second, rotation)

  await removePod(beside)
  await eventually(async () => assert.notEqual((await helperCluster.leader()).name, beside), 60_000)
  await settledUnderLeader()
  assert.notDeepEqual(await rotate(), second)
  assert.deepEqual(await uids(), before)
  for (const namespace of SHOPS) assert.deepEqual(names(await helperCluster.account(namespace)), [SECRET])
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

/**
 * Requests a rotation, waits until every namespace has the same new content, and checks that
 * nothing else was written.
 */
async function rotate(): Promise<readonly string[]> {
  const contents = async (): Promise<readonly string[]> =>
    (await Promise.all(ALL.map(helperCluster.secret))).map(contentOf)
  const was = await contents()
  const from = helperCluster.auditLength()
  await helperCluster.requestRotation()
  const is = await eventually(async () => {
    const now = await contents()
    assert.ok(now.every((content, index) => content !== was[index]))
    assert.equal(new Set(now).size, 1)
    return now
  }, 60_000)
  await helperCluster.settled()
  assert.deepEqual(secretWrites(from), SECRETS)
  return is
}

/** Returns the paths of all patches since the entry `from` of the audit log, except of Events. */
function secretWrites(from: number): readonly string[] {
  return helperCluster
    .requests(from)
    .filter(({ verb }) => verb === 'patch')
    .map(({ requestURI = '' }) => requestURI.replace(/\?.*/, ''))
    .filter((path) => !path.includes('/events'))
    .toSorted()
}

/** Returns the Pod of the new chart, without its Deployment. */
async function newPod(helm: Awaited<ReturnType<typeof openHelm>>, podName: string): Promise<object> {
  const manifest = await helm.render({ values: [...values], release: RELEASE, namespace: HOME })
  const deployment = parseManifest(manifest).find(({ kind }) => kind === 'Deployment')
  assert.ok(deployment)
  const { spec } = deployment.body as unknown as { spec: { template: { metadata: ObjectMeta; spec: object } } }
  const { template } = spec
  const { labels, annotations } = template.metadata
  return { metadata: { name: podName, labels, annotations }, spec: template.spec }
}

async function isReady(podName: string): Promise<boolean> {
  const pod = await admin.request<{ status?: { conditions?: readonly { type: string; status: string }[] } }>({
    method: 'GET',
    path: `/api/v1/namespaces/${HOME}/pods/${podName}`,
  })
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

async function removePod(podName: string): Promise<void> {
  await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${HOME}/pods/${podName}` })
  await eventually(() => assert.ok(helperCluster.helpers().every((pod) => pod.name !== podName)), 60_000)
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
