import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ObjectMeta } from '../../src/kube/types.ts'
import { CHART, openHelm } from '../support/chart/chart.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-kit.ts'
import { testGetValues } from './values-get-suite.ts'

// The chart as it was at commit 276f189, packed as 0.0.1. When a version is released, its package takes this one's place.
const PREVIOUS = fileURLToPath(new URL('fixtures/acr-nopass-0.0.1.tgz', import.meta.url))
const SPACES = ['shop-a', 'shop-b']

const kit = await openHelperCluster('chart-upgrade')
after(() => kit[Symbol.asyncDispose]())
const { admin, chart } = kit
for (const name of SPACES) await chart.createNamespace(name)
await chart.createNamespace(HOME, { 'pod-security.kubernetes.io/enforce': 'restricted' })

/** What must outlive an upgrade and a rollback as the very object that it was. */
const KEPT = [
  ...[HOME, ...SPACES].map((namespace) => `/api/v1/namespaces/${namespace}/secrets/${SECRET}`),
  `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}-status`,
  `/api/v1/namespaces/${HOME}/serviceaccounts/${RELEASE}`,
  `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`,
  `/apis/apps/v1/namespaces/${HOME}/deployments/${RELEASE}`,
]
const uids = () =>
  Promise.all(
    KEPT.map(async (path) => (await admin.request<{ metadata: ObjectMeta }>({ method: 'GET', path })).metadata.uid),
  )

for (const name of ['helm4', 'helm3'] as const) {
  test(`P4 ${name}: an upgrade from the version before and the way back keep every Secret, and Pods can pull at every moment`, async () => {
    await using helm = await openHelm(name)
    const target = ['--namespace', HOME, '--kubeconfig', chart.cluster.adminKubeconfigFile]
    const run = async (args: readonly string[], values: readonly object[] = []): Promise<void> => {
      const { code, stderr } = await helm.run([...args, ...target], values)
      assert.equal(code, 0, stderr)
    }
    const values = [kit.values, { attach: 'serviceAccounts', replicas: 1 }]
    // Helm's own wait ends when the new Pods have proven their registries and the old ones are gone.
    const wait = ['--wait', '--timeout', '120s']
    await run(['install', RELEASE, PREVIOUS, ...wait], values)
    await kit.settled()
    const [before, contents] = [await uids(), await Promise.all(SPACES.map(kit.secret))]
    const old = new Set(kit.helpers().map(({ uid }) => uid))

    const from = kit.auditLength()
    await run(['upgrade', RELEASE, CHART, ...wait], values)
    await eventually(() => assert.ok(kit.helpers().every(({ uid }) => !old.has(uid))), 60_000)
    await checkAll(before, contents, from)

    await run(['rollback', RELEASE, '1', ...wait])
    await checkAll(before, contents, from)
    await run(['uninstall', RELEASE, '--wait'])
    await eventually(() => assert.deepEqual(kit.helpers(), []), 60_000)
  })
}

testGetValues(() => chart)

/** The same objects with the same content, every reference in place, and no write of a helper to any of it (P7). */
async function checkAll(before: unknown, contents: readonly unknown[], from: number): Promise<void> {
  const status = await kit.settled()
  assert.deepEqual(
    status.registries.map(({ state }) => state),
    ['live'],
  )
  assert.deepEqual(await uids(), before)
  for (const [index, namespace] of SPACES.entries()) {
    const secret = await kit.secret(namespace)
    assert.equal(contentOf(secret), contentOf(contents[index] as typeof secret))
    assert.deepEqual(names(await kit.account(namespace)), [SECRET])
  }
  assert.deepEqual(
    kit
      .requests(from)
      .filter(({ verb }) => verb === 'patch')
      .map(({ requestURI }) => requestURI),
    [],
  )
}
