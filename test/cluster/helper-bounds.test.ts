import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  createTransforms,
  type ServiceAccountObject,
  type ServiceAccountView,
} from '../../src/installation/object-views.ts'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { CONTENT_MANAGER, FIELD_MANAGER } from '../../src/kube/names.ts'
import { createReflector } from '../../src/kube/watch/reflector.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { runBin } from '../cli/run-bin.ts'
import { createAccounts, GIANT_NAME, peakMemoryOf } from '../support/cluster/hostile-accounts.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, names, openHelperCluster, SECRET, type Secret } from './helper-cluster.ts'

// A user with `edit` in one namespace can create objects as large as etcd accepts.
const COUNT = 60
// The chart's limit is 256 MiB. If the helper kept these objects, twice their text would add 150
// MiB.
const LIMIT = 160 * 1024 * 1024

const helperCluster = await openHelperCluster('helper-bounds')
after(() => helperCluster[Symbol.asyncDispose]())
const { admin } = helperCluster
await helperCluster.chart.createNamespace('hostile')
await createAccounts(admin, 'hostile', { prefix: 'giant', count: COUNT, list: [GIANT_NAME] })
await helperCluster.install({ replicas: 1 })
await helperCluster.settled()

const accountPath = (name: string) => `/api/v1/namespaces/hostile/serviceaccounts/${name}`
const merge = (name: string, body: object) =>
  admin.request({ method: 'PATCH', path: accountPath(name), contentType: MERGE_PATCH, body, timeoutMs: 120_000 })
const assertMemory = async (): Promise<void> => {
  const peak = peakMemoryOf((await helperCluster.leader()).uid)
  if (peak !== undefined) assert.ok(peak < LIMIT, `${Math.round(peak / 1024 / 1024)} MiB`)
}

test('60 ServiceAccounts of 1.3 MB use no memory, and a new namespace is served', async (t) => {
  await helperCluster.chart.createNamespace('shop')
  await eventually(async () => assert.equal(await helperCluster.isUsable('shop'), true))
  // The same objects as watch events.
  await Promise.all(
    Array.from({ length: COUNT }, (_, index) => merge(`giant-${index}`, { metadata: { labels: { round: '2' } } })),
  )
  await helperCluster.chart.createNamespace('shop-2')
  await eventually(async () => assert.equal(await helperCluster.isUsable('shop-2'), true))
  await assertMemory()
  const peak = peakMemoryOf((await helperCluster.leader()).uid) ?? 0
  t.diagnostic(`peak ${Math.round(peak / 1024 / 1024)} MiB`)
  assert.deepEqual(names(await helperCluster.account('hostile', 'giant-0')), [GIANT_NAME])
  assert.ok(names(await helperCluster.account('hostile', 'default')).includes(SECRET))
})

test('a ServiceAccount that is too large is reported by name, in the status and by Events within the budget of its namespace', async () => {
  const status = await eventually(async () => {
    const found = await helperCluster.status()
    assert.equal(found?.serviceAccounts?.skipped['overlong-list'], COUNT)
    return found
  }, 60_000)
  const problem = status.problems.find(({ code }) => code === 'LIST_OVERLONG')
  assert.match(problem?.message ?? '', /^imagePullSecrets of ServiceAccount giant-\d+ is too long \(entries: 1\)/)
  const path = '/api/v1/namespaces/hostile/events'
  const events = await admin.request<{ items: { reason: string; message: string }[] }>({ method: 'GET', path })
  const ours = events.items.filter(({ reason }) => reason === 'ListOverlong')
  assert.equal(ours.length, 20)
  for (const { message } of ours) assert.ok(message.length < 1000)
})

test('our entry is removed from a list that became too long with this entry, and every other entry stays', async () => {
  const many = Array.from({ length: 100 }, (_, index) => `name-${index}`)
  await createAccounts(admin, 'hostile', { prefix: 'many', count: 1, list: many })
  await eventually(async () =>
    assert.deepEqual(names(await helperCluster.account('hostile', 'many-0')), [...many, SECRET]),
  )
  const from = helperCluster.auditLength()
  await merge('many-0', { metadata: { annotations: { 'acr-nopass.io/skip': 'true' } } })
  await eventually(async () => assert.deepEqual(names(await helperCluster.account('hostile', 'many-0')), many))
  assert.deepEqual(
    helperCluster
      .requests(from)
      .filter(({ objectRef }) => objectRef?.resource === 'serviceaccounts')
      .map(({ verb }) => verb),
    ['list', 'patch'],
  )
})

test('without WatchList the lists are read in pages that shrink', async () => {
  const stop = new AbortController()
  const problems: unknown[] = []
  const transforms = createTransforms({
    instance: 'a.b',
    secretLabels: {},
    secretName: SECRET,
    namespaceLabels: new Set(),
  })
  await new Promise<void>((resolve) => {
    const reflector = createReflector<ServiceAccountObject, ServiceAccountView>({
      client: admin,
      clock: systemClock,
      random: () => 0.5,
      path: '/api/v1/serviceaccounts',
      pageSize: 200,
      transform: transforms.serviceAccount,
      features: { watchList: false },
      onChange: () => undefined,
      onProblem: (error) => problems.push(error),
      onSynced: () => {
        assert.equal([...reflector.entries()].filter(([, { overlong }]) => overlong === 1).length, COUNT)
        resolve()
      },
    })
    void reflector.run(stop.signal)
  })
  stop.abort()
  assert.deepEqual(problems, [])
})

test('doctor reads a cluster with ServiceAccounts that are too large, and names them', async () => {
  const { stdout, stderr } = await runBin(['doctor', '--kubeconfig', helperCluster.chart.cluster.adminKubeconfigFile])
  assert.doesNotMatch(stderr, /KUBE_BAD_ANSWER/)
  assert.match(stdout, /ACCOUNT_UNATTACHED 60 ServiceAccounts: .*hostile\/giant-/)
})

// A client that may write a Secret may also use our field manager's name. The helper then considers
// the Secret current until it has something new to write. Only that namespace's own Secret is
// affected, and its content is not copied.
const FORGERIES = {
  'an apply under our name': (secret: Secret) => ({
    query: { fieldManager: FIELD_MANAGER, force: true },
    contentType: APPLY,
    body: { ...withWrongData(secret), apiVersion: 'v1', kind: 'Secret', metadata: marksOf(secret) },
  }),
  'a patch under the name of our patches': (secret: Secret) => ({
    query: { fieldManager: CONTENT_MANAGER },
    contentType: MERGE_PATCH,
    body: withWrongData(secret),
  }),
  'managedFields that are written by hand': (secret: Secret) => ({
    query: { fieldManager: 'kubectl-edit' },
    contentType: MERGE_PATCH,
    body: { ...withWrongData(secret), metadata: { managedFields: secret.metadata.managedFields } },
  }),
}
const WRONG = Buffer.from('{"auths":{"evil.example.com":{"auth":"eDp5"}}}').toString('base64')
function withWrongData({ type }: Secret): object {
  return { type, data: { '.dockerconfigjson': WRONG } }
}
function marksOf({ metadata: { name, labels, annotations } }: Secret): object {
  return { name, labels, annotations }
}

for (const [index, [title, forge]] of Object.entries(FORGERIES).entries()) {
  test(`a tenant that forges a current Secret by ${title} harms only that namespace, until the next rotation`, async () => {
    const namespace = `forger-${index}`
    await helperCluster.chart.createNamespace(namespace)
    await eventually(async () => assert.equal(await helperCluster.isUsable(namespace), true))
    const [before, other] = await Promise.all([helperCluster.secret(namespace), helperCluster.secret('shop')])
    assert.ok(before)
    const path = `/api/v1/namespaces/${namespace}/secrets/${SECRET}`
    const from = helperCluster.auditLength()
    await admin.request({ method: 'PATCH', path, ...forge(before) })
    await helperCluster.chart.createNamespace(`after-${namespace}`)
    await eventually(async () => assert.equal(await helperCluster.isUsable(`after-${namespace}`), true))
    // The forgery caused no write elsewhere, and the new namespace has the real content.
    const written = helperCluster
      .requests(from)
      .flatMap(({ verb, objectRef }) => (verb === 'patch' ? [objectRef?.namespace] : []))
    assert.deepEqual(
      [...new Set(written)].filter((one) => one !== namespace),
      [`after-${namespace}`],
    )
    assert.equal((await helperCluster.secret('shop'))?.metadata.resourceVersion, other?.metadata.resourceVersion)
    assert.equal(contentOf(await helperCluster.secret(`after-${namespace}`)), contentOf(other))
    await helperCluster.requestRotation()
    await eventually(async () => {
      const query = { fieldSelector: `metadata.name=${SECRET}` }
      const { items } = await admin.request<{ items: Secret[] }>({ method: 'GET', path: '/api/v1/secrets', query })
      // Waits for all namespaces, so that none is written while the next forgery is observed.
      const contents = new Set(items.map(contentOf))
      assert.equal(contents.size, 1)
      assert.ok(!contents.has(contentOf(other)))
    }, 60_000)
  })
}
