import assert from 'node:assert/strict'
import { after, beforeEach, type TestContext, test } from 'node:test'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { eventually } from '../support/eventually.ts'
import { reportFault } from '../support/faults/fault-report.ts'
import type { ProxiedRequest } from '../support/faults/fault-rules.ts'
import { duplicated, type LineFault, reordered, silent, withoutBookmarks } from '../support/faults/watch-faults.ts'
import { FAST_IMAGE, openFaultFixture } from './fault-fixture.ts'
import { CLOCK_RATE } from './fixtures/fast-clock.ts'
import { contentOf, HOME, SECRET } from './helper-cluster.ts'

const fixture = await openFaultFixture('fault-watches', { namespaces: 10, values: { replicas: 1 } })
after(() => fixture[Symbol.asyncDispose]())
const { helperCluster, proxy, invariants } = fixture
const RESOURCES = ['namespaces', 'secrets', 'serviceaccounts'] as const

// Starts with a new helper whose watches have not failed yet, because its backoff after a fault
// depends on earlier failures.
beforeEach(async () => {
  helperCluster.node.signal(`${HOME}/${(await helperCluster.leader()).name}`, 'SIGKILL')
  await eventually(() => assert.deepEqual(RESOURCES.map(proxy.watching), [0, 0, 0]))
  await eventually(() => assert.deepEqual(RESOURCES.map(proxy.watching), [1, 1, 1]), 30_000)
  await helperCluster.settled()
})

const held = (context: TestContext, id: string, since: number, counts?: Record<string, number>) =>
  invariants.assertHeld(context, { id, area: 'watch', since, namespaces: fixture.served, ...(counts && { counts }) })
const watchesSince = (from: number) => proxy.calls.slice(from).filter(({ isWatch }) => isWatch)
const EXPIRED = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })

/**
 * Makes many changes at once: namespaces come and go, other clients add entries, and a rotation is
 * requested.
 */
async function changeMuch(word: string): Promise<void> {
  await fixture.addNamespace(`${word}-doomed`)
  await Promise.all([1, 2, 3].map((index) => fixture.addNamespace(`${word}-${index}`)))
  await fixture.removeNamespace(`${word}-doomed`)
  await Promise.all(fixture.served.slice(1, 6).map((namespace) => fixture.addEntry(namespace, `theirs-${word}`)))
  await helperCluster.requestRotation()
}

/**
 * Waits until the leader's status counts exactly the existing namespaces. One more would be a
 * deleted namespace.
 */
async function assertCounted(): Promise<void> {
  await eventually(async () => {
    const { items } = await helperCluster.admin.request<{ items: object[] }>({
      method: 'GET',
      path: '/api/v1/namespaces',
    })
    const { namespaces } = (await helperCluster.status()) ?? {}
    assert.deepEqual([namespaces?.total, namespaces?.pending], [items.length, 0])
  }, 90_000)
}

test('P1 P2 watches that are cut, five times in a row, while namespaces come, go and change', async (context) => {
  const since = performance.now()
  const changes = changeMuch('cut')
  let cut = 0
  for (let round = 1; round <= 5; round += 1) {
    cut += await eventually(() => {
      const count = proxy.cutWatches()
      assert.ok(count > 0)
      return count
    })
  }
  await changes
  await held(context, 'watch-cut', since, { cuts: cut })
  await assertCounted()
})

test('P1 P2 410 Gone in the middle of a watch: a new list finds the objects that were created and deleted in the meantime', async (context) => {
  // The watches send none of the changes, and then report that their version is gone.
  proxy.faultWatches(silent)
  await changeMuch('gone')
  proxy.faultWatches(undefined)
  const [since, from] = [performance.now(), proxy.calls.length]
  for (const resource of RESOURCES)
    assert.equal(
      proxy.injectIntoWatches(resource, () => EXPIRED),
      1,
    )
  await held(context, 'watch-410', since)
  await assertCounted()
  const isList = ({ url }: { url: string }) => /[?&](limit|sendInitialEvents)=/.test(url)
  const lists = proxy.calls.slice(from).filter(isList)
  assert.deepEqual(new Set(lists.map(({ resource }) => resource)), new Set(RESOURCES))
})

test('P1 P2 410 Gone as the response to a watch: a new list, not the same watch again and again', async (context) => {
  const match = ({ isWatch, url, resource }: ProxiedRequest) =>
    isWatch && /resourceVersion=\d/.test(url) && RESOURCES.some((one) => one === resource)
  const fault = { kind: 'status', status: 410, reason: 'Expired' } as const
  const rule = proxy.fault({ match, fault, times: RESOURCES.length })
  const since = performance.now()
  proxy.cutWatches()
  await changeMuch('expired')
  await held(context, 'watch-410-at-once', since)
  await eventually(() => assert.equal(rule.affected, RESOURCES.length))
  await assertCounted()
})

for (const [id, what, fault] of [
  ['watch-duplicated', 'events that come twice, the second time late', duplicated],
  ['watch-reordered', 'events that come in another order', reordered],
] as const satisfies readonly (readonly [string, string, LineFault])[]) {
  test(`P1 P2 ${what}: older state never replaces newer`, async (context) => {
    proxy.faultWatches(fault)
    // Changes are also sent at a reconnect, from a version that may be older.
    proxy.cutWatches()
    const since = performance.now()
    await changeMuch(id)
    await held(context, id, since)
    await assertCounted()
    proxy.faultWatches(undefined)
  })
}

test('P1 P2 a server that sends no bookmarks: an interrupted watch continues from the last event, without a new list', async (context) => {
  proxy.faultWatches(withoutBookmarks)
  await changeMuch('unmarked')
  await eventually(async () => assert.equal(await helperCluster.isUsable('unmarked-3'), true))
  const [since, from] = [performance.now(), proxy.calls.length]
  proxy.cutWatches()
  await changeMuch('unmarked-again')
  await held(context, 'watch-no-bookmarks', since)
  await assertCounted()
  const again = watchesSince(from).filter(({ resource }) => RESOURCES.some((one) => one === resource))
  assert.ok(again.length >= 3)
  assert.deepEqual(
    again.filter(({ url }) => !/resourceVersion=[1-9]/.test(url)).map(({ url }) => url),
    [],
  )
  proxy.faultWatches(undefined)
})

test("an entry that was added before another client's Secret was seen is removed", async (context) => {
  const [name, SKIPPED] = ['late-news', 'acr-nopass.io/skip']
  const create = (path: string, body: object) =>
    helperCluster.admin.request({ method: 'POST', path: `/api/v1/${path}`, body })
  const change = (path: string, body: object) =>
    helperCluster.admin.request({ method: 'PATCH', path: `/api/v1/${path}`, contentType: MERGE_PATCH, body })
  const entries = async () => ((await helperCluster.account(name)).imagePullSecrets ?? []).map((entry) => entry.name)
  proxy.faultWatches(silent, 'secrets')
  await create('namespaces', { metadata: { name, labels: { [SKIPPED]: 'true' } } })
  const stringData = { '.dockerconfigjson': '{"auths":{"registry.example.com":{"auth":"dTpw"}}}' }
  const type = 'kubernetes.io/dockerconfigjson'
  await create(`namespaces/${name}/secrets`, { metadata: { name: SECRET }, type, stringData })
  await change(`namespaces/${name}`, { metadata: { labels: { [SKIPPED]: null } } })
  await eventually(async () => assert.deepEqual(await entries(), [SECRET]))
  proxy.faultWatches(undefined)
  const since = performance.now()
  await change(`namespaces/${name}/secrets/${SECRET}`, { metadata: { annotations: { seen: 'now' } } })
  await eventually(async () => assert.deepEqual(await entries(), []))
  reportFault(context, { id: 'secret-news-late', area: 'watch', recoveredMs: performance.now() - since })
  assert.equal(contentOf(await helperCluster.secret(name)), stringData['.dockerconfigjson'])
  await fixture.removeNamespace(name)
})

test('P1 P2 a paged list whose continuation expires half-way is read again from the beginning', async (context) => {
  const skipped = { 'acr-nopass.io/skip': 'true' }
  const path = '/api/v1/namespaces/team-0/serviceaccounts'
  const create = (index: number) =>
    helperCluster.admin.request({
      method: 'POST',
      path,
      body: { metadata: { name: `a-${index}`, annotations: skipped } },
    })
  await Promise.all(Array.from({ length: 420 }, (_, index) => create(index)))
  const streamed = proxy.fault({
    match: ({ url }) => url.includes('sendInitialEvents=true'),
    fault: { kind: 'status', status: 422, reason: 'Invalid' },
  })
  proxy.fault({
    match: ({ url }) => url.includes('continue='),
    fault: { kind: 'status', status: 410, reason: 'Expired' },
    times: 2,
  })
  proxy.faultWatches(silent)
  await changeMuch('paged')
  proxy.faultWatches(undefined)
  const [since, from] = [performance.now(), proxy.calls.length]
  for (const resource of RESOURCES) proxy.injectIntoWatches(resource, () => EXPIRED)
  await held(context, 'list-page-expired', since)
  await assertCounted()
  await eventually(() => {
    const pages = proxy.calls.slice(from).filter(({ url }) => url.startsWith('/api/v1/serviceaccounts?limit='))
    assert.deepEqual(
      pages.map(({ url, status }) => `${url.includes('continue=') ? 'next' : 'first'} ${status}`),
      ['first 200', 'next 410', 'first 200', 'next 410', 'first 200', 'next 200', 'next 200'],
    )
  })
  streamed.remove()
})

test('P1 P2 watches that stall with their sockets open, after a bookmark and before any', async (context) => {
  const [registry, ...repository] = FAST_IMAGE.split('/')
  // The Lease lasts 300 s on the fast clock, but the guard allows at most 60 s.
  await helperCluster.install({ replicas: 1, guard: 'disabled', image: { registry, repository: repository.join('/') } })
  const fast = await eventually(async () => {
    const pod = await helperCluster.leader()
    assert.ok(
      helperCluster.helpers().length === 1 &&
        helperCluster.node.log(`acr-system/${pod.name}`).includes('"version":"0.0.0"'),
    )
    return pod
  }, 60_000)
  await helperCluster.settled()
  const bookmark = (resourceVersion: string) =>
    JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion } } })
  for (const [id, marked] of [
    ['watch-stalled-after-bookmark', RESOURCES],
    ['watch-stalled-from-the-start', []],
  ] as const) {
    for (const resource of marked) {
      await eventually(() => assert.equal(proxy.injectIntoWatches(resource, bookmark), 1))
    }
    proxy.stallWatches()
    await changeMuch(id)
    const since = performance.now()
    await invariants.assertHeld(context, {
      id,
      area: 'watch',
      since,
      namespaces: fixture.served,
      clockRate: CLOCK_RATE,
    })
  }
  assert.equal((await helperCluster.leader()).name, fast.name)
})
