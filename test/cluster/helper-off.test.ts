import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runBin } from '../cli/run-bin.ts'
import { CHART, openHelm } from '../support/chart/chart.ts'
import { eventually } from '../support/eventually.ts'
import { openRolloutCommand } from '../support/rollout-command.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'

// Clusters whose nodes all pull without a Secret need no helper. The helper must remove what it
// wrote before it is removed itself: afterwards nothing has the right to do so.

const helperCluster = await openHelperCluster('helper-off')
const command = await openRolloutCommand()
after(async () => {
  await command[Symbol.asyncDispose]()
  await helperCluster[Symbol.asyncDispose]()
})
const { admin, chart } = helperCluster
await chart.createNamespace('shop')

const OFF = { helper: { enabled: false }, node: { identity: 'worker-role' } }
const release = { kubeconfig: chart.cluster.adminKubeconfigFile, namespace: HOME, name: RELEASE }
const target = ['--namespace', HOME, '--kubeconfig', release.kubeconfig]

/** The objects of the release, as `kind/name`. */
async function objects(): Promise<readonly string[]> {
  const own = `app.kubernetes.io/instance=${RELEASE}`
  const lists = [
    `/apis/apps/v1/namespaces/${HOME}/deployments`,
    `/api/v1/namespaces/${HOME}/configmaps`,
    `/api/v1/namespaces/${HOME}/serviceaccounts`,
    `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases`,
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${HOME}/roles`,
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    ...(chart.minor === '1.24' ? [] : ['/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies']),
  ]
  const found = lists.map(async (path) => {
    const query = { labelSelector: own }
    const { items } = await admin.request<{ items: { metadata: { name: string } }[] }>({ method: 'GET', path, query })
    return items.map(({ metadata }) => `${path.split('/').at(-1)}/${metadata.name}`)
  })
  return (await Promise.all(found)).flat().sort()
}

const revisions = async (): Promise<number> => {
  await using helm = await openHelm('helm4')
  const { stdout } = await helm.run(['history', RELEASE, '-o', 'json', ...target])
  return JSON.parse(stdout).length
}

async function serve(): Promise<void> {
  await helperCluster.install({ replicas: 1 })
  await helperCluster.settled()
  await eventually(async () => assert.ok(await helperCluster.isUsable('shop')), 60_000)
}

/** True if a login is in any Secret of the cluster. */
async function hasLogins(): Promise<boolean> {
  const secrets = await Promise.all([HOME, 'shop', 'default'].map((namespace) => helperCluster.secret(namespace)))
  return secrets.some((secret) => contentOf(secret).includes('"auth"'))
}

/** The start of each temporary login's `auth`: `cr_temp_user:` in base64. */
const LOGIN = 'Y3JfdGVtcF91c2Vy'

/** True if etcd's files have the text, in any object and any earlier version of it. */
function isInEtcd(text: string): boolean {
  const { folder } = chart.cluster.run
  const files = globSync('etcd-*/data/**/{*.wal,*.snap,db}', { cwd: folder })
  assert.ok(files.length > 1)
  return files.some((file) => readFileSync(join(folder, file)).includes(text))
}

test('P16 a release that is installed without a helper brings no login into etcd, and no Secret of its own', async () => {
  await helperCluster.install({ replicas: 1 }, OFF)
  assert.deepEqual(await objects(), [`configmaps/${RELEASE}`])
  const { items } = await admin.request<{ items: { type: string }[] }>({ method: 'GET', path: '/api/v1/secrets' })
  // Helm's own record of the release.
  assert.deepEqual(
    items.map(({ type }) => type),
    ['helm.sh/release.v1'],
  )
  assert.equal(isInEtcd(LOGIN), false)
  await serve()
  // The search finds a login that is there.
  assert.equal(isInEtcd(LOGIN), true)
})

test('P12 the chart refuses to remove a helper that has not removed what it wrote, and does it after retire', async () => {
  await serve()
  await using helm = await openHelm()
  const upgrade = (...values: object[]) =>
    helm.run(['upgrade', RELEASE, CHART, ...target], [helperCluster.values, { replicas: 1 }, ...values])
  const refused = await upgrade(OFF)
  assert.notEqual(refused.code, 0)
  assert.match(refused.stderr, /helper\.enabled: false would remove the helper before it has removed what it wrote/)
  assert.ok(await helperCluster.isUsable('shop'))

  const retired = () => eventually(async () => assert.equal((await helperCluster.status())?.retired, true), 120_000)
  assert.equal((await upgrade({ retire: true })).code, 0)
  await retired()
  // The helper works again with these values, and its report is about the values before.
  assert.equal((await upgrade()).code, 0)
  assert.match((await upgrade(OFF)).stderr, /would remove the helper before/)
  await eventually(async () => {
    assert.notEqual((await helperCluster.status())?.retired, true)
    assert.ok(await helperCluster.isUsable('shop'))
  }, 120_000)
  assert.equal((await upgrade({ retire: true })).code, 0)
  await retired()
  const done = await eventually(async () => {
    const result = await upgrade(OFF)
    assert.equal(result.code, 0, result.stderr)
    return result
  }, 60_000)
  assert.match(done.stdout, /No pull secret is written: nodes request logins themselves/)
  assert.deepEqual(await objects(), [`configmaps/${RELEASE}`])
  assert.equal(await hasLogins(), false)
  assert.deepEqual(names(await helperCluster.account('shop')), [])
  // Without the helper, every further upgrade is as before.
  assert.equal((await upgrade(OFF, { logLevel: 'info' })).code, 0)
  const { code } = await helm.run(['uninstall', RELEASE, ...target])
  assert.equal(code, 0)
})

test('P12 apply removes the helper in two revisions, the first of which retires it, and lists the Pods that name the Secret', async () => {
  await serve()
  const before = await revisions()
  const values = { ...helperCluster.values, replicas: 1, ...OFF }
  const plan = await command.run('plan', release, values)
  assert.equal(plan.code, 0, plan.stdout + plan.stderr)
  assert.match(
    plan.stdout,
    /the helper is switched off: before, a revision with `retire: true` removes what the helper/,
  )
  assert.ok(await helperCluster.isUsable('shop'))

  const applied = await command.run('apply', release, values)
  assert.equal(applied.code, 0, applied.stdout + applied.stderr)
  assert.match(applied.stdout + applied.stderr, /no Pod names acr-nopass|Pods that name the pull secret/)
  assert.equal(await revisions(), before + 2)
  assert.deepEqual(await objects(), [`configmaps/${RELEASE}`])
  assert.equal(await hasLogins(), false)
  await eventually(() => assert.deepEqual(helperCluster.helpers(), []), 60_000)

  const again = await command.run('apply', release, values)
  assert.equal(again.code, 0, again.stdout + again.stderr)
  assert.equal(await revisions(), before + 2)
})

test('doctor says that the helper is off by values, and does not call the cluster well', async () => {
  const named = ['--namespace', HOME, '--release', RELEASE]
  const { code, stdout } = await runBin(['doctor', '--kubeconfig', release.kubeconfig, ...named, '-o', 'json'])
  const { findings, healthy } = JSON.parse(stdout)
  const shown = findings.map(({ id, severity }: { id: string; severity: string }) => `${severity} ${id}`)
  assert.deepEqual(shown, ['info HELPER_OFF'], stdout)
  assert.deepEqual([code, healthy], [0, null])
})

test('with the helper back on, everything is served again', async () => {
  await serve()
  assert.match(contentOf(await helperCluster.secret('shop')), /"auth"/)
  assert.deepEqual(names(await helperCluster.account('shop')), [SECRET])
})
