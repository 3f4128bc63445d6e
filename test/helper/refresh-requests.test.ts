import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverTime } from '../../src/cli/refresh/refresh.ts'
import { NopassError } from '../../src/errors.ts'
import { parseStatus } from '../../src/installation/read-report.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { ANNOTATION_REFRESH_REQUESTED } from '../../src/kube/names.ts'
import {
  type ApiServer,
  type Cloud,
  createApiServer,
  createCloud,
  createFakeClock,
  type Fault,
  registry,
  startHelper,
} from './helper-fixture.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const STATUS = '/api/v1/namespaces/home/configmaps/r-status'

/**
 * Requests new credentials as `acr-nopass refresh` does. `at`: epoch milliseconds by the API
 * server's clock.
 */
async function request(server: ApiServer, at: number): Promise<void> {
  const annotations = { [ANNOTATION_REFRESH_REQUESTED]: new Date(at).toISOString() }
  await server.client.request({
    method: 'PATCH',
    path: STATUS,
    contentType: MERGE_PATCH,
    body: { metadata: { annotations } },
  })
}

/** Starts a helper that has led for ten minutes. */
async function open(name = 'one') {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud, {}, { name })
  await clock.advance(10 * MINUTE)
  const end = async (one = helper): Promise<void> => {
    one.stop.abort()
    await clock.advance(20_000)
    assert.equal(await one.done, 'stopped')
  }
  return { server, clock, cloud, helper, end }
}

const statusOf = (server: ApiServer) => parseStatus(server.get('configmaps/home/r-status') as never)
const callsSince = ({ calls }: Cloud, from: number): number => calls.length - from
const reloaded = (interval: string): object => ({ verify: { enabled: true, interval } })

test('a request for new credentials is handled once, even after a reload and a restart', async () => {
  const { server, clock, cloud, helper, end } = await open()
  const from = cloud.calls.length
  await request(server, serverTime(clock.now()).getTime())
  await clock.advance(MINUTE)
  assert.equal(callsSince(cloud, from), 1)
  helper.configure(reloaded('10m'))
  await clock.advance(MINUTE)
  assert.ok(helper.log.includes('info the configuration was reloaded'))
  await end()
  const second = startHelper(server, clock, cloud, reloaded('10m'), { name: 'two' })
  await clock.advance(2 * MINUTE)
  assert.ok(second.log.includes('info leading'))
  assert.equal(callsSince(cloud, from), 1)
  await end(second)
})

test('an earlier request that appears again, as after a restore of etcd, is not handled again', async () => {
  const { server, clock, cloud, end } = await open()
  const [first, second] = [clock.now(), clock.now() + 1_000]
  for (const at of [first, second]) {
    await request(server, at)
    await clock.advance(MINUTE)
  }
  const from = cloud.calls.length
  for (const at of [first, second]) {
    await request(server, at)
    await clock.advance(MINUTE)
  }
  assert.equal(callsSince(cloud, from), 0)
  await end()
})

test('a request is handled if the API server’s clock is an hour behind, even if the configuration is reloaded before the cloud responds', async () => {
  const { server, clock, cloud, helper, end } = await open()
  const hangs = Promise.withResolvers<number | Error>()
  cloud.responses.set('a', hangs.promise)
  const from = cloud.calls.length
  await request(server, clock.now() - HOUR)
  await clock.advance(2_000)
  assert.equal(callsSince(cloud, from), 1)
  cloud.responses.set('a', 60)
  helper.configure(reloaded('10m'))
  await clock.advance(MINUTE)
  hangs.resolve(new NopassError('CLOUD_UNAVAILABLE', 'late'))
  await clock.advance(MINUTE)
  assert.equal(callsSince(cloud, from), 2)
  await end()
})

test('twenty requests within two seconds cause at most one call per second', async () => {
  const { server, clock, cloud, end } = await open()
  const from = cloud.calls.length
  for (let index = 0; index < 20; index += 1) {
    await request(server, clock.now())
    await clock.advance(100)
  }
  await clock.advance(MINUTE)
  assert.ok(callsSince(cloud, from) >= 2 && callsSince(cloud, from) <= 4, `${callsSince(cloud, from)} calls`)
  await end()
})

test('a request during the call for the first credential is handled by a later call', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const slow = Promise.withResolvers<number | Error>()
  cloud.responses.set('a', slow.promise)
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  assert.equal(cloud.calls.length, 1)
  await request(server, clock.now())
  await clock.advance(1_000)
  cloud.responses.set('a', 60)
  slow.resolve(60)
  await clock.advance(MINUTE)
  assert.equal(cloud.calls.length, 2)
  helper.stop.abort()
  await clock.advance(20_000)
  assert.equal(await helper.done, 'stopped')
})

test('the status reports a request as handled when a call that was sent after it succeeds or fails, not an earlier call', async () => {
  for (const outcome of [60, new NopassError('CLOUD_DENIED', 'no')]) {
    const { server, clock, cloud, end } = await open()
    const [first, second] = [Promise.withResolvers<number | Error>(), Promise.withResolvers<number | Error>()]
    cloud.responses.set('a', first.promise)
    await request(server, clock.now())
    await clock.advance(5_000)
    const at = clock.now()
    await request(server, at)
    cloud.responses.set('a', second.promise)
    const before = statusOf(server)
    first.resolve(outcome)
    await clock.advance(5_000)
    const between = statusOf(server)
    assert.notDeepEqual(between?.registries, before?.registries)
    assert.deepEqual([before?.lastHandledRefresh, between?.lastHandledRefresh], ['', ''])
    second.resolve(outcome)
    await clock.advance(5_000)
    assert.equal(statusOf(server)?.lastHandledRefresh, new Date(at).toISOString())
    await end()
  }
})

test('a request counts as handled only after a registry that was added meanwhile was tried too', async () => {
  const { server, clock, cloud, helper, end } = await open()
  const slow = Promise.withResolvers<number | Error>()
  cloud.responses.set('b', slow.promise)
  helper.configure({ registries: [registry('a'), registry('b')] })
  const at = clock.now()
  await request(server, at)
  await clock.advance(MINUTE)
  assert.deepEqual(
    statusOf(server)?.registries.map(({ state }) => state),
    ['live', 'pending'],
  )
  assert.equal(statusOf(server)?.lastHandledRefresh, '')
  slow.resolve(60)
  await clock.advance(5_000)
  assert.equal(statusOf(server)?.lastHandledRefresh, new Date(at).toISOString())
  await end()
})

for (const [title, copyMs] of [
  ['before its own copy', 5_000],
  ['after it', 0],
] as const) {
  test(`a leader that first reads a handled request while it leads, ${title}, makes no call for it`, async () => {
    const { server, clock, cloud, end } = await open()
    await request(server, clock.now())
    await clock.advance(MINUTE)
    await end()
    const from = cloud.calls.length
    const status: Fault = {
      matches: ({ method, path }) => method === 'GET' && path.includes('/configmaps'),
      status: 503,
    }
    const copy: Fault = { matches: ({ path }) => path.endsWith('/home/secrets'), status: 503 }
    server.faults.add(status)
    if (copyMs > 0) server.faults.add(copy)
    const second = startHelper(server, clock, cloud, {}, { name: 'two' })
    while (!second.log.includes('info leading')) await clock.advance(100)
    await clock.advance(2_000)
    server.faults.delete(status)
    await clock.advance(copyMs)
    server.faults.delete(copy)
    await clock.advance(MINUTE)
    assert.equal(callsSince(cloud, from), 0)
    await end(second)
  })
}

test('a request that no helper has handled is handled by the next helper, even if the API server’s clock is an hour behind', async () => {
  const { server, clock, cloud, end } = await open()
  await end()
  const at = clock.now() - HOUR
  await request(server, at)
  const from = cloud.calls.length
  const second = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(MINUTE)
  assert.equal(callsSince(cloud, from), 1)
  assert.equal(statusOf(server)?.lastHandledRefresh, new Date(at).toISOString())
  await end(second)
})

for (const [title, aheadMs] of [
  ['', 0],
  [', also by a clock that is an hour behind', -HOUR],
] as const) {
  test(`an unhandled request that was made right after a credential was issued is handled by the next helper${title}`, async () => {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    const helper = startHelper(server, clock, cloud)
    while (statusOf(server)?.registries[0]?.state !== 'live') await clock.advance(100)
    helper.stop.abort()
    await helper.done
    await request(server, clock.now() + aheadMs)
    const second = startHelper(server, clock, cloud, {}, { name: 'two' })
    await clock.advance(MINUTE)
    assert.equal(cloud.calls.length, 2)
    second.stop.abort()
    await clock.advance(20_000)
    assert.equal(await second.done, 'stopped')
  })
}

test('a request that is made before the leader has read the status is handled by a later call', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const fault: Fault = { matches: ({ method, path }) => method === 'GET' && path.includes('/configmaps'), status: 503 }
  server.faults.add(fault)
  const helper = startHelper(server, clock, cloud)
  while (cloud.calls.length === 0) await clock.next()
  await clock.advance(500)
  await request(server, clock.now())
  server.faults.delete(fault)
  await clock.advance(MINUTE)
  assert.equal(cloud.calls.length, 2)
  helper.stop.abort()
  await clock.advance(20_000)
  assert.equal(await helper.done, 'stopped')
})
