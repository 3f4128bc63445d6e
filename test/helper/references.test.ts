import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { parseStatus } from '../../src/installation/read-report.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import {
  type ApiServer,
  createApiServer,
  createCloud,
  createFakeClock,
  end,
  type Helper,
  passwordsIn,
  registry,
  startHelper,
} from './helper-fixture.ts'

const ADDON = 'acr-credential-secret-aggregation'

const listIn = (server: ApiServer, key: string) =>
  server.get(`serviceaccounts/${key}`)?.imagePullSecrets?.map(({ name }) => name)
const edit = (server: ApiServer, key: string, ...names: readonly string[]): void =>
  server.create(`serviceaccounts/${key}`, { imagePullSecrets: names.map((name) => ({ name })) })
const problems = (server: ApiServer) =>
  parseStatus(server.get('configmaps/home/r-status') as never)?.problems.map(
    ({ code, namespace, object }) => `${code} ${namespace} ${object ?? ''}`,
  )
const metric = async ({ metrics }: Helper, name: string): Promise<readonly string[]> =>
  (await metrics.registry.getSingleMetricAsString(name))
    .split('\n')
    .filter((line) => !line.startsWith('#') && !line.includes('_bucket') && !line.includes('_sum'))

test('a ServiceAccount gets the reference within a second, and gets it again when another writer removes it', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  edit(server, 'shop/default', 'theirs')
  const helper = startHelper(server, clock, cloud, { attach: 'serviceAccounts' })
  await clock.advance(5_000)
  assert.deepEqual(listIn(server, 'shop/default'), ['theirs', 'acr-nopass'])
  edit(server, 'shop/web')
  await clock.advance(1_000)
  assert.deepEqual(listIn(server, 'shop/web'), ['acr-nopass'])
  edit(server, 'shop/default', 'theirs')
  await clock.advance(1_000)
  assert.deepEqual(listIn(server, 'shop/default'), ['theirs', 'acr-nopass'])
  assert.deepEqual(
    helper.lines.filter((line) => JSON.stringify(line).includes('another writer')),
    [
      {
        level: 'info',
        message: 'another writer removed the reference',
        namespace: 'shop',
        serviceAccount: 'default',
      },
    ],
  )
  assert.deepEqual(await metric(helper, 'acr_nopass_writes_total'), [
    'acr_nopass_writes_total{kind="attach",outcome="ok"} 3',
    'acr_nopass_writes_total{kind="secret",outcome="ok"} 2',
  ])
  assert.deepEqual(await metric(helper, 'acr_nopass_ready_seconds'), [
    'acr_nopass_ready_seconds_count{object="serviceaccount"} 1',
  ])
  for (let time = 0; time < 2; time += 1) {
    edit(server, 'shop/default', 'theirs')
    await clock.advance(1_000)
  }
  assert.deepEqual(listIn(server, 'shop/default'), ['theirs'])
  await clock.advance(5_000)
  assert.deepEqual(problems(server), ['LIST_CONFLICT shop ServiceAccount default'])
  await end(clock, helper)
})

test("the vendor's add-on is reported as long as it manages one of our ServiceAccounts, and not for other ServiceAccounts", async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  server.createNamespace('lab')
  edit(server, 'lab/default', ADDON)
  edit(server, 'shop/default', ADDON)
  const targets = { namespaces: { include: ['shop'] } }
  const helper = startHelper(server, clock, cloud, { attach: 'serviceAccounts', targets })
  await clock.advance(10_000)
  assert.deepEqual(problems(server), ['RIVAL_ADDON shop ServiceAccount default'])
  edit(server, 'shop/default', 'acr-nopass')
  await clock.advance(10_000)
  assert.deepEqual(problems(server), [])
  edit(server, 'shop/default', 'acr-nopass', ADDON)
  await clock.advance(10_000)
  assert.deepEqual(problems(server), ['RIVAL_ADDON shop ServiceAccount default'])
  server.remove('serviceaccounts/shop/default')
  await clock.advance(10_000)
  assert.deepEqual(problems(server), [])
  await end(clock, helper)
})

const stuckPod = (image: string) => ({
  spec: { serviceAccountName: 'default', containers: [{ name: 'app', image }] },
  status: {
    phase: 'Pending',
    containerStatuses: [{ name: 'app', state: { waiting: { reason: 'ImagePullBackOff' } } }],
  },
})

test('Pods without the reference are watched with watchPods and evicted with heal, and are not read otherwise', async () => {
  const isPods = (call: string): boolean => call === 'GET /api/v1/pods'
  for (const [settings, isWatched, isEvicted] of [
    [{}, false, false],
    [{ watchPods: true }, true, false],
    [{ heal: true }, true, true],
  ] as const) {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    edit(server, 'shop/default', 'acr-nopass')
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'w', controller: true }]
    for (const [name, image] of [
      ['web-1', 'a.example.com/app:1'],
      ['other-1', 'docker.io/app:1'],
    ] as const) {
      const metadata = { name, namespace: 'shop', uid: '', resourceVersion: '', ownerReferences }
      server.create(`pods/shop/${name}`, { ...stuckPod(image), metadata })
    }
    // A registry without a credential does not hide Pods that lack the reference for another
    // registry.
    cloud.responses.set('b', new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
    const values = { attach: 'serviceAccounts', registries: [registry('b'), registry('a')], ...settings }
    const helper = startHelper(server, clock, cloud, values)
    const follower = startHelper(server, clock, cloud, values, { name: 'two' })
    await clock.advance(30_000)
    const told = `${JSON.stringify(settings)} ${helper.log.join('\n')}`
    assert.equal(server.calls.some(isPods), isWatched, told)
    const evictions = server.calls.filter((call) => call.endsWith('/eviction'))
    const path = 'POST /api/v1/namespaces/shop/pods/web-1/eviction'
    assert.deepEqual([...new Set(evictions)], isEvicted ? [path] : [], told)
    const [masked] = await metric(helper, 'acr_nopass_pods_without_reference')
    assert.equal(masked, `acr_nopass_pods_without_reference ${isWatched ? 1 : 0}`, told)
    assert.deepEqual(await metric(follower, 'acr_nopass_pods_without_reference'), [
      'acr_nopass_pods_without_reference 0',
    ])
    await end(clock, follower, helper)
  }
})

test('a throttled write pauses all writes for a second', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const isShop = ({ method, path }: KubeCall): boolean => method === 'PATCH' && path.includes('/shop/secrets/')
  const fault = { matches: isShop, status: 429 }
  server.faults.add(fault)
  server.tamper('secrets/shop/acr-nopass')
  await clock.advance(0)
  server.createNamespace('late')
  await clock.advance(900)
  assert.deepEqual(passwordsIn(server, 'late'), {})
  server.faults.delete(fault)
  await clock.advance(200)
  assert.deepEqual(passwordsIn(server, 'late'), passwordsIn(server, 'home'))
  await end(clock, helper)
})

test('a write to an object that is gone waits for its event', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const isShop = ({ method, path }: KubeCall): boolean => method === 'PATCH' && path.includes('/shop/secrets/')
  const fault = { matches: isShop, status: 404 }
  server.faults.add(fault)
  const from = server.calls.length
  server.tamper('secrets/shop/acr-nopass')
  await clock.advance(20_000)
  assert.equal(server.calls.slice(from).filter((call) => call.startsWith('PATCH') && call.includes('/shop/')).length, 1)
  server.faults.delete(fault)
  await end(clock, helper)
})

test('the problem of a refused write is cleared when the write succeeds or the namespace is deleted', async () => {
  for (const how of ['written', 'deleted'] as const) {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    const isShop = ({ method, path }: KubeCall): boolean => method === 'PATCH' && path.includes('/shop/secrets/')
    const fault = { matches: isShop, status: 422 }
    server.faults.add(fault)
    const helper = startHelper(server, clock, cloud)
    await clock.advance(10_000)
    assert.deepEqual(problems(server), ['WRITE_REFUSED shop '])
    if (how === 'deleted') server.remove('namespaces/shop')
    else {
      server.faults.delete(fault)
      server.label('namespaces/shop', { any: 'label' })
    }
    await clock.advance(10_000)
    assert.deepEqual(problems(server), [])
    await end(clock, helper)
  }
})
