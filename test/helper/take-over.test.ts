import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import type { FakeClock } from '../kube/fake-clock.ts'
import {
  type ApiServer,
  createApiServer,
  createCloud,
  createFakeClock,
  end,
  type Helper,
  isOwnRead,
  passwordsIn,
  registry,
  startHelper,
} from './helper-fixture.ts'

const MINUTE = 60_000
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/home/leases/r'

async function untilLeading(clock: FakeClock, helper: Helper): Promise<void> {
  for (let time = 0; time < 1_000 && !helper.log.includes('info leading'); time += 1) await clock.advance(100)
}
const loginIn = (server: ApiServer, namespace: string) => passwordsIn(server, namespace)['a.example.com']

test('a new leader serves every namespace within a second, with the credentials in use and without a call', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const one = startHelper(server, clock, cloud)
  await untilLeading(clock, one)
  await clock.advance(1_000)
  assert.equal(loginIn(server, 'shop'), 'one-a-1')
  await end(clock, one)
  server.createNamespace('late')
  const from = cloud.calls.length
  const two = startHelper(server, clock, cloud, {}, { name: 'two' })
  await untilLeading(clock, two)
  await clock.advance(1_000)
  assert.deepEqual([loginIn(server, 'late'), cloud.calls.length], ['one-a-1', from])
  await end(clock, two)
})

test('a follower that takes over and cannot read the credentials back requests new credentials, although it has one of its own', async () => {
  const [server, clock, cloud, own] = [createApiServer(), createFakeClock(), createCloud(), createCloud()]
  const one = startHelper(server, clock, cloud)
  const two = startHelper(server, clock, own, {}, { name: 'two' })
  await clock.advance(10 * MINUTE)
  assert.deepEqual([loginIn(server, 'shop'), own.calls.length], ['one-a-1', 1])
  server.faults.add({ matches: isOwnRead, status: 500 })
  one.stop.abort()
  await clock.advance(2 * MINUTE)
  assert.deepEqual([loginIn(server, 'shop'), own.calls.length], ['two-a-2', 2])
  await end(clock, two)
})

test('a follower proves a registry that is new in its configuration, once and after it has read the status', async () => {
  const [server, clock, cloud, own] = [createApiServer(), createFakeClock(), createCloud(), createCloud()]
  const one = startHelper(server, clock, cloud)
  await clock.advance(10 * MINUTE)
  let isReadable = false
  const client: KubeClient = {
    ...server.client,
    request: async <T>(call: KubeCall, signal?: AbortSignal): Promise<T> => {
      if (!isReadable && call.method === 'GET' && call.path.includes('/configmaps'))
        throw new NopassError('KUBE_UNREACHABLE', 'down')
      return server.client.request<T>(call, signal)
    },
  }
  const two = startHelper(server, clock, own, {}, { name: 'two', client, http: true })
  const http = await two.port
  const ready = async () => (await fetch(`http://127.0.0.1:${http}/readyz`)).status
  await clock.advance(10_000)
  two.configure({ registries: [registry('a'), registry('b')] })
  await clock.advance(20_000)
  assert.ok(two.log.includes('info the configuration was reloaded'))
  assert.deepEqual([own.calls, await ready()], [[], 503])
  isReadable = true
  await clock.advance(MINUTE)
  assert.deepEqual([own.calls, await ready()], [['b'], 200])
  two.configure({ registries: [registry('a'), registry('b'), registry('d')] })
  await clock.advance(20_000)
  assert.deepEqual(own.calls, ['b', 'd'])
  await end(clock, one, two)
})

test('a helper is ready once its caches are complete and the status is read, and stays ready after that', async () => {
  for (const part of ['/v1/namespaces', '/configmaps']) {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    const isRead = ({ method, path }: KubeCall): boolean => {
      const [own = ''] = path.split('?')
      return method === 'GET' && (own.endsWith(part) || own.includes(`${part}/r-status`))
    }
    const fault = { matches: isRead, status: 503 }
    server.faults.add(fault)
    const helper = startHelper(server, clock, cloud, {}, { http: true })
    const http = await helper.port
    const answer = async (port: number | undefined, page: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${page}`)
      return [response.status, await response.text()] as const
    }
    await clock.advance(20_000)
    const [code] = await answer(http, '/readyz')
    server.faults.delete(fault)
    await clock.advance(MINUTE)
    assert.deepEqual([code, await answer(http, '/readyz')], [503, [200, 'ok\n']], part)
    await end(clock, helper)
  }
})

test('no Lease but the helper’s own is ever requested', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const [one, two] = [startHelper(server, clock, cloud), startHelper(server, clock, cloud, {}, { name: 'two' })]
  await clock.advance(10 * MINUTE)
  const paths = server.calls.map((call) => call.split(' ')[1] ?? '').filter((path) => /coordination|leases/.test(path))
  // The second is the watch of this one.
  assert.deepEqual([...new Set(paths)], [LEASE, LEASE.replace(/\/r$/, '')])
  await end(clock, one, two)
})

test('a helper that retires empties the Secrets within a second', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(6_000)
  assert.equal(loginIn(server, 'shop'), 'one-a-1')
  helper.configure({ retire: true })
  const isReloaded = (): boolean => helper.log.includes('info the configuration was reloaded')
  for (let time = 0; time < 100 && !isReloaded(); time += 1) await clock.advance(100)
  await clock.advance(1_000)
  assert.deepEqual([isReloaded(), passwordsIn(server, 'shop')], [true, {}])
  await end(clock, helper)
})

test('a leader whose Lease has an older version, as after a restore of etcd, reads everything again and keeps leading', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(MINUTE)
  // The status of the backup is older, too.
  server.create('configmaps/home/r-status')
  server.rewind('configmaps/home/r-status')
  server.rewind('leases/home/r')
  const from = server.calls.length
  await clock.advance(20_000)
  assert.equal(helper.log.filter((line) => line.includes('the API server returned to an older state')).length, 1)
  const lists = server.calls.slice(from).filter((call) => /^GET .*\/(namespaces|secrets)$/.test(call))
  assert.deepEqual(new Set(lists), new Set(['GET /api/v1/namespaces', 'GET /api/v1/secrets']))
  assert.notEqual(server.get('configmaps/home/r-status')?.data?.['status.json'], undefined)
  // The renewal that detected the restore.
  const found = 'debug the Lease could not be read or written KUBE_CONFLICT'
  assert.deepEqual(
    helper.log.filter((line) => /could not|error/.test(line)),
    [found],
  )
  await end(clock, helper)
})
