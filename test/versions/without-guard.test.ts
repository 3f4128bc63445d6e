import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from '../cluster/helper-cluster.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'

// Runs with `npm test -- kubernetes-1.24`: the oldest minor that the chart installs on has no
// guard.

const chart = await openChartCluster('without-guard')
const helperCluster = await openHelperCluster('without-guard', chart)
after(() => helperCluster[Symbol.asyncDispose]())
const { admin, node } = helperCluster

test('the API server has the requested minor version', async () => {
  const { gitVersion } = await admin.request<{ gitVersion: string }>({ method: 'GET', path: '/version' })
  assert.match(gitVersion, new RegExp(`^v${chart.minor.replace('.', '\\.')}\\.`))
})

test('the chart refuses to install without a guard until the values disable it', async () => {
  await assert.rejects(helperCluster.install({ guard: 'enabled' }), { message: /guard.*1\.30|1\.30.*guard/s })
})

test('with guard: disabled it installs, and every namespace gets Secret and reference', async () => {
  await chart.createNamespace('shop')
  await helperCluster.install({ replicas: 2 })
  await helperCluster.settled()
  for (const namespace of ['default', 'shop', HOME]) {
    assert.equal(await helperCluster.isUsable(namespace), true, namespace)
    assert.deepEqual(names(await helperCluster.account(namespace)), [SECRET])
  }
  assert.equal(await helperCluster.secret('kube-system'), undefined)
})

test('a new namespace is usable immediately, and a rotation updates the same Secret', async () => {
  await chart.createNamespace('late')
  await eventually(async () => assert.equal(await helperCluster.isUsable('late'), true))
  const before = await helperCluster.secret('late')
  await helperCluster.requestRotation()
  await eventually(async () => assert.notEqual(contentOf(await helperCluster.secret('late')), contentOf(before)))
  assert.equal((await helperCluster.secret('late'))?.metadata.uid, before?.metadata.uid)
})

test('the other helper takes over when the leader stops', async () => {
  const first = await helperCluster.leader()
  assert.equal(node.signal(`${HOME}/${first.name}`, 'SIGKILL'), true)
  await chart.createNamespace('later')
  await eventually(async () => assert.equal(await helperCluster.isUsable('later'), true))
})

test('retire removes every entry and empties the Secrets', async () => {
  await helperCluster.install({ retire: true })
  await eventually(async () => {
    for (const namespace of ['default', 'shop', 'late', 'later']) {
      assert.deepEqual(names(await helperCluster.account(namespace)), [], namespace)
    }
  })
  assert.equal(helperCluster.helpers().length > 0, true, RELEASE)
})
