import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createTrimmers, type ServiceAccountObject, type ServiceAccountView } from '../../src/helper/views.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { systemClock } from '../../src/kube/clock.ts'
import { createReflector } from '../../src/kube/reflector.ts'
import { runBin } from '../cli/run-bin.ts'
import { eventually } from '../support/eventually.ts'
import { createAccounts, GIANT_NAME, peakMemoryOf } from '../support/hostile-accounts.ts'
import { names, openHelperCluster, SECRET } from './helper-kit.ts'

// What a user with `edit` in one namespace can do: objects as large as etcd takes.
const COUNT = 60
const LIMIT = 256 * 1024 * 1024

const kit = await openHelperCluster('helper-bounds')
after(() => kit[Symbol.asyncDispose]())
const { admin } = kit
await kit.chart.createNamespace('hostile')
await createAccounts(admin, 'hostile', { prefix: 'giant', count: COUNT, list: [GIANT_NAME] })
await kit.install({ replicas: 1 })
await kit.settled()

const accountPath = (name: string) => `/api/v1/namespaces/hostile/serviceaccounts/${name}`
const merge = (name: string, body: object) =>
  admin.request({ method: 'PATCH', path: accountPath(name), contentType: MERGE_PATCH, body })
const assertMemory = async (): Promise<void> => {
  const peak = peakMemoryOf((await kit.leader()).uid)
  if (peak !== undefined) assert.ok(peak < LIMIT, `${Math.round(peak / 1024 / 1024)} MiB`)
}

test('security 2: 60 ServiceAccounts of 1.3 MB cost no memory, and a new namespace is served', async (t) => {
  await kit.chart.createNamespace('shop')
  await eventually(async () => assert.equal(await kit.isUsable('shop'), true))
  // As watch events as well.
  await Promise.all(
    Array.from({ length: COUNT }, (_, index) => merge(`giant-${index}`, { metadata: { labels: { round: '2' } } })),
  )
  await kit.chart.createNamespace('shop-2')
  await eventually(async () => assert.equal(await kit.isUsable('shop-2'), true))
  await assertMemory()
  const peak = peakMemoryOf((await kit.leader()).uid) ?? 0
  t.diagnostic(`peak ${Math.round(peak / 1024 / 1024)} MiB`)
  assert.deepEqual(names(await kit.account('hostile', 'giant-0')), [GIANT_NAME])
  assert.ok(names(await kit.account('hostile', 'default')).includes(SECRET))
})

test('security 2: such an account is reported by name, in the status and by Events within the budget of its namespace', async () => {
  const status = await eventually(async () => {
    const found = await kit.status()
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

test('security 2: our entry is taken out of a list that became overlong by it, every other one stays', async () => {
  const many = Array.from({ length: 100 }, (_, index) => `name-${index}`)
  await createAccounts(admin, 'hostile', { prefix: 'many', count: 1, list: many })
  await eventually(async () => assert.deepEqual(names(await kit.account('hostile', 'many-0')), [...many, SECRET]))
  const from = kit.auditLength()
  await merge('many-0', { metadata: { annotations: { 'acr-nopass.io/skip': 'true' } } })
  await eventually(async () => assert.deepEqual(names(await kit.account('hostile', 'many-0')), many))
  assert.deepEqual(
    kit
      .requests(from)
      .filter(({ objectRef }) => objectRef?.resource === 'serviceaccounts')
      .map(({ verb }) => verb),
    ['list', 'patch'],
  )
})

test('security 2: a server without WatchList is read in pages that shrink', async () => {
  const stop = new AbortController()
  const problems: unknown[] = []
  const trim = createTrimmers({ instance: 'a.b', secretLabels: {}, secretName: SECRET, namespaceLabels: new Set() })
  await new Promise<void>((resolve) => {
    const reflector = createReflector<ServiceAccountObject, ServiceAccountView>({
      client: admin,
      clock: systemClock,
      random: () => 0.5,
      path: '/api/v1/serviceaccounts',
      pageSize: 200,
      trim: trim.serviceAccount,
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

test('security 2: doctor reads such a cluster and names the accounts', async () => {
  const { stdout, stderr } = await runBin(['doctor', '--kubeconfig', kit.chart.cluster.adminKubeconfigFile])
  assert.doesNotMatch(stderr, /KUBE_BAD_ANSWER/)
  assert.match(stdout, /ACCOUNT_UNATTACHED 60 ServiceAccounts: .*hostile\/giant-/)
})
