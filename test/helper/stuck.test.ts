import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { buildCredentialGroup } from '../../src/helper/credentials/credential-groups.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { sleep } from '../../src/lib/clock.ts'
import { settle } from '../kube/fake-clock.ts'
import {
  type ApiServer,
  createApiServer,
  createCloud,
  createFakeClock,
  delayOwnWrites,
  end,
  isOwnRead,
  isOwnWrite,
  passwordsIn,
  registry,
  startHelper,
  statusOf,
} from './helper-fixture.ts'

const MINUTE = 60_000

test('if a reload’s registries cannot be created, the helper keeps working with the last good configuration', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const first = passwordsIn(server, 'shop')
  assert.deepEqual(first, { 'a.example.com': 'one-a-1' })
  helper.breakEntries(new NopassError('IDENTITY_UNAVAILABLE', 'no token file'))
  helper.configure({ registries: [registry('a'), registry('b')] })
  await clock.advance(10_000)
  assert.ok(helper.log.some((line) => line.startsWith('error the last good configuration stays')))
  server.createNamespace('later')
  await clock.advance(1_000)
  assert.deepEqual(passwordsIn(server, 'later'), first)
  await clock.advance(60 * MINUTE)
  assert.ok(cloud.calls.length >= 2)
  assert.notDeepEqual(passwordsIn(server, 'shop'), first)
  await end(clock, helper)
})

test('an access key of another Secret is proven by a new Pod only, for the others have the old key', async () => {
  const [server, clock, cloud, broken] = [createApiServer(), createFakeClock(), createCloud(), createCloud()]
  const identity = (existingSecret: string) => ({ identity: { type: 'access-key', accessKey: { existingSecret } } })
  const one = startHelper(server, clock, cloud, identity('old-key'))
  await clock.advance(5_000)
  one.configure(identity('new-key'))
  await clock.advance(10_000)
  assert.ok(one.log.includes('info the new configuration needs a new Pod; this Pod keeps its old configuration'))
  assert.equal(one.log.includes('info the configuration was reloaded'), false)
  broken.responses.set('a', new NopassError('CLOUD_DENIED', 'no such key'))
  const two = startHelper(server, clock, broken, identity('new-key'), { name: 'two', http: true })
  const http = await two.port
  const ready = async () => (await fetch(`http://127.0.0.1:${http}/readyz`)).text()
  await clock.advance(60 * MINUTE)
  assert.equal(await ready(), 'no token yet for a\n')
  broken.responses.clear()
  await clock.advance(2 * MINUTE)
  assert.equal(await ready(), 'ok\n')
  await end(clock, one, two)
})

test('P12 an old Pod retires as its release does, also with values that name an access key of another Secret', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const identity = (existingSecret: string) => ({ identity: { type: 'access-key', accessKey: { existingSecret } } })
  const helper = startHelper(server, clock, cloud, identity('old-key'))
  await clock.advance(5_000)
  assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['a.example.com'])
  const calls = cloud.calls.length
  // The new Pods cannot start, because that Secret does not exist.
  helper.configure({ ...identity('missing-key'), retire: true })
  await clock.advance(MINUTE)
  assert.deepEqual(passwordsIn(server, 'shop'), {})
  const { retired, registries } = statusOf(server)
  assert.deepEqual([retired, registries[0]?.state], [true, 'pending'])
  assert.equal(cloud.calls.length, calls, 'it proves no other key')
  await end(clock, helper)
})

test('P12 a new Pod of a release that retires needs no credential to become ready and to retire it', async () => {
  const [server, clock, cloud, broken] = [createApiServer(), createFakeClock(), createCloud(), createCloud()]
  const one = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  one.stop.abort()
  await clock.advance(20_000)
  broken.responses.set('a', new NopassError('CLOUD_NOT_FOUND', 'the instance is gone'))
  const changed = { retire: true, registries: [registry('a', 'cri-gone')] }
  const two = startHelper(server, clock, broken, changed, { name: 'two', http: true })
  const http = await two.port
  const ready = async () => (await fetch(`http://127.0.0.1:${http}/readyz`)).text()
  await clock.advance(MINUTE)
  assert.deepEqual([await ready(), passwordsIn(server, 'shop'), broken.calls], ['ok\n', {}, []])
  await end(clock, two)
})

/** The body of a write that looks like the helper's, with these numbers in the log `log`. */
function forge(log: string, passwords: Readonly<Record<string, string>>, number: number, expiresAt: number): Buffer {
  const entries = Object.entries(passwords).map(([name, password]) => {
    const token = { username: 'u', password, issuedAt: 0, expiresAt, domains: [`${name}.example.com`] }
    return { name, fingerprint: `cri-${name}`, shape: '', refreshAt: null, token, number }
  })
  const options = { secretName: 'acr-nopass', instance: 'home.r', secretLabels: {}, authFormat: 'auth' } as const
  return Buffer.concat([...buildCredentialGroup('a,b', entries, log, options).bodies.patch])
}
const logOf = (server: ApiServer): string => server.get('secrets/home/acr-nopass')?.metadata.uid ?? ''

test('what a user forged in the pull secret of a namespace is never read, and never gets into the log', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  server.createNamespace('evil')
  const helper = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] })
  await clock.advance(5_000)
  const before = passwordsIn(server, 'shop')
  const highest = Number.MAX_SAFE_INTEGER
  const body = forge(logOf(server), { a: 'forged', b: 'forged' }, highest, clock.now() + 90 * MINUTE)
  const from = server.calls.length
  await server.client.request({ method: 'PATCH', path: '/api/v1/namespaces/evil/secrets/acr-nopass', body })
  await clock.advance(2_000)
  // The helper's own copy is read once, and shows that nobody logged such a number.
  const reads = server.calls.slice(from).filter((call) => /^GET .*secrets/.test(call))
  assert.deepEqual(reads, ['GET /api/v1/namespaces/home/secrets'])
  for (const namespace of ['evil', 'home', 'shop']) assert.deepEqual(passwordsIn(server, namespace), before)
  await clock.advance(60 * MINUTE)
  assert.match(passwordsIn(server, 'evil')['a.example.com'] ?? '', /^one-a-/)
  assert.doesNotMatch(server.get('secrets/home/acr-nopass')?.metadata.annotations?.['acr-nopass.io/log'] ?? '', /\d{5}/)
  await end(clock, helper)
})

test('what a leader could not log is not replaced by the older credential in the log: the next leader requests new ones once', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const registries = [registry('a'), registry('b')]
  const first = startHelper(server, clock, cloud, { registries, verify: { enabled: true, interval: '1m' } })
  await clock.advance(5_000)
  const logged = passwordsIn(server, 'home')
  const unwritten = { matches: isOwnWrite, status: 403 }
  server.faults.add(unwritten)
  // Long before the logged credentials are due, the registries refuse them as revoked.
  for (const name of ['a', 'b']) cloud.verdicts.set(name, 'refused')
  await clock.advance(2 * MINUTE)
  cloud.verdicts.clear()
  const unlogged = passwordsIn(server, 'shop')
  assert.deepEqual(passwordsIn(server, 'home'), logged)
  assert.notEqual(unlogged['a.example.com'], logged['a.example.com'])
  assert.ok(first.log.some((line) => line.endsWith('LOG_UNWRITABLE')))
  await end(clock, first)
  const from = cloud.calls.length
  const seen = new Set<string>()
  server.onWrite = () => seen.add(passwordsIn(server, 'shop')['a.example.com'] ?? '')
  const helper = startHelper(server, clock, cloud, { registries }, { name: 'two' })
  await clock.advance(10_000)
  assert.deepEqual([...seen], [unlogged['a.example.com'], passwordsIn(server, 'shop')['a.example.com']])
  assert.match(passwordsIn(server, 'shop')['a.example.com'] ?? '', /^two-a-/)
  server.faults.delete(unwritten)
  await clock.advance(10 * MINUTE)
  assert.deepEqual(passwordsIn(server, 'home'), passwordsIn(server, 'shop'))
  assert.deepEqual(cloud.calls.slice(from).sort(), ['a', 'b'])
  await end(clock, helper)
})

test('scope namespaces: a listed namespace that cannot be read delays no other, and is rarely requested', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  server.remove('namespaces/shop')
  const refused = { matches: (call: { path: string }) => call.path.includes('/namespaces/shop'), status: 403 } as const
  server.faults.add(refused)
  server.createNamespace('good')
  const helper = startHelper(server, clock, cloud, {
    scope: 'namespaces',
    targets: { namespaces: { include: ['good', 'shop'] } },
  })
  await clock.advance(10_000)
  assert.deepEqual(passwordsIn(server, 'good'), { 'a.example.com': 'one-a-1' })
  const status = statusOf(server)
  assert.deepEqual(
    status.problems.map(({ code, namespace }) => [code, namespace]),
    [['NAMESPACE_UNREADABLE', 'shop']],
  )
  const before = server.calls.length
  await clock.advance(10 * MINUTE)
  const reads = server.calls.slice(before).filter((call) => call === 'GET /api/v1/namespaces/shop')
  assert.ok(reads.length <= 21, `${reads.length} reads in ten minutes`)
  // The namespace is recreated with its Role.
  server.createNamespace('shop')
  server.faults.delete(refused)
  await clock.advance(61_000)
  assert.deepEqual(passwordsIn(server, 'shop'), { 'a.example.com': 'one-a-1' })
  await end(clock, helper)
})

test('deleting a namespace with its Role while the helper runs does not affect others', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  server.createNamespace('good')
  const scoped = { scope: 'namespaces', targets: { namespaces: { include: ['good', 'shop'] } } } as const
  const helper = startHelper(server, clock, cloud, scoped)
  await clock.advance(10_000)
  server.faults.add({ matches: (call) => call.path.includes('/namespaces/shop'), status: 403 })
  server.remove('secrets/shop/acr-nopass')
  server.remove('namespaces/shop')
  const before = server.calls.length
  await clock.advance(60 * MINUTE)
  assert.match(passwordsIn(server, 'good')['a.example.com'] ?? '', /-[23]$/)
  const calls = server.calls.slice(before).filter((call) => call.includes('/namespaces/shop'))
  assert.ok(calls.length <= 500, `${calls.length} calls in an hour`)
  await end(clock, helper)
})

test('scope namespaces: a new leader that considers a namespace opted out reads it again before it removes anything', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const scoped = { scope: 'namespaces', targets: { namespaces: { include: ['shop'] } } } as const
  server.label('namespaces/shop', { 'acr-nopass.io/skip': 'true' })
  const one = startHelper(server, clock, cloud, scoped)
  await clock.advance(4 * MINUTE)
  const two = startHelper(server, clock, cloud, scoped, { name: 'two' })
  await clock.advance(20_000)
  assert.deepEqual(passwordsIn(server, 'shop'), {})
  server.label('namespaces/shop', {})
  // The leader has read it again, the follower has not.
  await clock.advance(60_000)
  const filled = passwordsIn(server, 'shop')
  assert.deepEqual(Object.keys(filled), ['a.example.com'])
  const writes: string[] = []
  server.onWrite = (key) => writes.push(key)
  // Nothing is removed while it cannot be read.
  const unread = { matches: ({ path }: KubeCall) => path === '/api/v1/namespaces/shop', status: 500 } as const
  server.faults.add(unread)
  one.stop.abort()
  await clock.advance(10_000)
  assert.ok(two.log.includes('info leading'))
  server.faults.delete(unread)
  await clock.advance(2 * MINUTE)
  assert.deepEqual(passwordsIn(server, 'shop'), filled)
  assert.deepEqual(
    writes.filter((key) => key.startsWith('secrets/')),
    [],
  )
  // If it is opted out by then, the entries are removed.
  server.label('namespaces/shop', { 'acr-nopass.io/skip': 'true' })
  await clock.advance(6 * MINUTE)
  assert.deepEqual(passwordsIn(server, 'shop'), {})
  await end(clock, one, two)
})

test('a follower that takes over and cannot read the credentials back overwrites none that expire later', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  // Both replicas verify a new registry at the start. After that, only the leader refreshes.
  const one = startHelper(server, clock, cloud)
  const two = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(10 * MINUTE)
  assert.ok(cloud.calls.length >= 2)
  await clock.advance(90 * MINUTE)
  const before = passwordsIn(server, 'shop')
  assert.match(before['a.example.com'] ?? '', /^one-/)
  server.faults.add({ matches: isOwnRead, status: 500 })
  cloud.responses.set('a', new NopassError('CLOUD_UNAVAILABLE', 'down'))
  one.stop.abort()
  await clock.advance(2 * MINUTE)
  assert.equal(await one.done, 'stopped')
  assert.deepEqual(passwordsIn(server, 'shop'), before)
  cloud.responses.delete('a')
  await clock.advance(5 * MINUTE)
  assert.match(passwordsIn(server, 'shop')['a.example.com'] ?? '', /^two-/)
  await end(clock, two)
})

test('one failed read is retried, and the credential that was read back is used without a cloud call or a write', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const one = startHelper(server, clock, cloud)
  await clock.advance(MINUTE)
  await end(clock, one)
  const calls = cloud.calls.length
  const fault = { matches: isOwnRead, status: 500 }
  server.faults.add(fault)
  const two = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(1_000)
  server.faults.delete(fault)
  await clock.advance(20_000)
  assert.deepEqual([passwordsIn(server, 'shop'), cloud.calls.length], [{ 'a.example.com': 'one-a-1' }, calls])
  assert.ok(two.log.some((line) => line.startsWith('warn the credentials in use could not be read back ')))
  await end(clock, two)
})

test('a Secret that another client changes or deletes again and again is left alone for a while, and reported', async () => {
  for (const fight of ['tamper', 'remove'] as const) {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    let writes = 0
    server.onWrite = (key) => {
      if (key !== 'secrets/shop/acr-nopass') return
      writes += 1
      queueMicrotask(() => server[fight](key))
    }
    const helper = startHelper(server, clock, cloud)
    await clock.advance(10 * MINUTE)
    assert.ok(writes >= 4 && writes <= 16, `${writes} writes in ten minutes (${fight})`)
    const status = statusOf(server)
    assert.equal(status.problems[0]?.code, 'SECRET_CONFLICT')
    assert.match(await helper.metrics.registry.getSingleMetricAsString('acr_nopass_fights_total'), /[1-9]\d*$/)
    server.onWrite = () => undefined
    await clock.advance(2 * MINUTE)
    assert.deepEqual(passwordsIn(server, 'shop'), { 'a.example.com': 'one-a-1' })
    await end(clock, helper)
  }
})

test('a Secret with an entry that is repeatedly forged to look newer than the helper’s is left alone for a while too', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] })
  await clock.advance(5_000)
  let [writes, isForging] = [0, false]
  const write = (): void => {
    const body = forge(logOf(server), { a: `forged-${writes}`, b: 'forged' }, 99 + writes, clock.now() + 90 * MINUTE)
    isForging = true
    void server.client.request({ method: 'PATCH', path: '/api/v1/namespaces/shop/secrets/acr-nopass', body })
    isForging = false
  }
  server.onWrite = (key) => {
    if (key !== 'secrets/shop/acr-nopass' || isForging) return
    writes += 1
    if (writes < 100) queueMicrotask(write)
  }
  write()
  await clock.advance(10 * MINUTE)
  assert.ok(writes >= 4 && writes <= 16, `${writes} writes in ten minutes`)
  await end(clock, helper)
})

test('two replicas that both lead after the Lease was edited by hand do not overwrite each other endlessly', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  let writes = 0
  server.onWrite = (key) => {
    if (key === 'secrets/shop/acr-nopass') writes += 1
  }
  const one = startHelper(server, clock, cloud)
  const two = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(5_000)
  const other = [server.get('leases/home/r')?.spec?.holderIdentity, 'one', 'two'].find(
    (name, index, all) => index > 0 && name !== all[0],
  )
  // The other replica cannot read the current credential, so each replica has its own.
  server.faults.add({ matches: isOwnRead, status: 403 })
  // The holder has just renewed, and continues to write until its deadline.
  await clock.advance(100)
  server.create('leases/home/r')
  await clock.advance(1_000)
  assert.equal(server.get('leases/home/r')?.spec?.holderIdentity, other)
  await clock.advance(20_000)
  assert.ok(writes <= 12, `${writes} writes`)
  for (const { stop } of [one, two]) stop.abort()
  await clock.advance(20_000)
  assert.ok(['LEASE_LOST', 'stopped'].includes(await one.done))
  assert.ok(['LEASE_LOST', 'stopped'].includes(await two.done))
})

test('deleting and recreating a namespace many times does not count as a fight', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  for (let round = 0; round < 20; round += 1) {
    server.remove('secrets/shop/acr-nopass')
    server.remove('namespaces/shop')
    await settle()
    server.createNamespace('shop')
    await clock.advance(1_000)
    assert.deepEqual(passwordsIn(server, 'shop'), { 'a.example.com': 'one-a-1' }, `round ${round}`)
  }
  await end(clock, helper)
})

test('a write that repeatedly conflicts on an object that was reset to an older version finally succeeds', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  // The rotation is due before the watches end, after which everything would be listed again.
  cloud.responses.set('a', 10)
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const before = passwordsIn(server, 'shop')
  server.rewind('secrets/shop/acr-nopass')
  for (
    let waited = 0;
    waited < 60 && passwordsIn(server, 'shop')['a.example.com'] === before['a.example.com'];
    waited += 1
  ) {
    await clock.advance(MINUTE)
  }
  assert.notDeepEqual(passwordsIn(server, 'shop'), before)
  assert.ok(helper.log.some((line) => line.includes('returned to an older state')))
  await end(clock, helper)
})

test('a reload, a hanging write and a stop at the same time end cleanly', async () => {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): void => void rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  server.faults.add({ matches: ({ method, path }) => method === 'PATCH' && path.includes('/secrets/'), status: 'hang' })
  server.createNamespace('later')
  await clock.advance(100)
  helper.configure({ secretLabels: { team: 'b' } })
  await clock.advance(6_000)
  helper.stop.abort()
  await clock.advance(30_000)
  assert.equal(await helper.done, 'stopped')
  await settle()
  process.off('unhandledRejection', onRejection)
  assert.deepEqual(rejections, [])
  assert.equal(helper.log.filter((line) => line.includes('was reloaded')).length, 0)
})

test('after a reload during a late renewal the process ends with LEASE_LOST, and the next one serves everything', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  // The renewal at 6 s times out at 11 s; the next one gets its response at 17 s, three seconds
  // after the deadline.
  let isSlow = true
  const client = {
    ...server.client,
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      const now = clock.monotonic()
      const isRenewal = isSlow && call.method === 'PUT'
      if (isRenewal && now >= 5_000 && now < 11_000) {
        await sleep(clock, 5_000)
        throw new KubeApiError(0, 'no response', { code: 'KUBE_TIMEOUT' })
      }
      const response = await server.client.request<T>(call, signal)
      if (isRenewal && now >= 11_000) await sleep(clock, 17_000 - now)
      return response
    },
  }
  const helper = startHelper(server, clock, cloud, {}, { client })
  await clock.advance(14_500)
  // Both changes happen between two reads of the file, which is read every 5 s.
  server.createNamespace('later')
  helper.configure({ secretLabels: { team: 'b' } })
  await clock.advance(2_600)
  await clock.advance(20_000)
  assert.equal(await helper.done, 'LEASE_LOST')
  isSlow = false
  const next = startHelper(server, clock, cloud)
  await clock.advance(20_000)
  assert.deepEqual(Object.keys(passwordsIn(server, 'later')), ['a.example.com'])
  await end(clock, next)
})

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `n-${index}`)

test("a rotation writes the helper's own copy before all other Secrets, and waits at most two seconds for it", async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  for (const name of numbered(5)) server.createNamespace(name)
  const client = delayOwnWrites(server, clock, 500)
  const helper = startHelper(server, clock, cloud, {}, { client })
  await clock.advance(10_000)
  const written: string[] = []
  const early: string[] = []
  server.onWrite = (key) => {
    if (!key.startsWith('secrets/')) return
    written.push(key)
    if (passwordsIn(server, 'home')['a.example.com'] !== 'one-a-2') early.push(key)
  }
  await clock.advance(25 * MINUTE)
  assert.deepEqual([written.length, early], [7, []])
  server.onWrite = () => undefined
  server.faults.add({ matches: isOwnWrite, status: 'hang' })
  await clock.advance(39 * MINUTE + 5_000)
  assert.match(passwordsIn(server, 'n-0')['a.example.com'] ?? '', /-3$/)
  assert.match(passwordsIn(server, 'home')['a.example.com'] ?? '', /-2$/)
  await end(clock, helper)
})

test('a missing Lease that cannot be created is logged, and makes every replica unready', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const isCreation = ({ method, path }: KubeCall): boolean => method === 'PATCH' && path.includes('/leases/')
  server.faults.add({ matches: isCreation, status: 403 })
  const helper = startHelper(server, clock, cloud, {}, { http: true })
  const http = await helper.port
  const ready = async () => (await fetch(`http://127.0.0.1:${http}/readyz`)).status
  await clock.advance(5_000)
  assert.equal(await ready(), 200)
  server.remove('leases/home/r')
  await clock.advance(15_000)
  assert.equal(await helper.done, 'LEASE_LOST')
  const next = startHelper(server, clock, cloud, {}, { http: true })
  const port = await next.port
  const nextReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status
  await clock.advance(20_000)
  assert.equal(await nextReady(), 200)
  await clock.advance(15_000)
  assert.equal(await nextReady(), 503)
  const lines = next.log.filter((line) => line.includes('LEASE_MISSING'))
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^error the Lease home\/r does not exist and cannot be created, .*\. \S/)
  server.create('leases/home/r')
  await clock.advance(5_000)
  assert.equal(await nextReady(), 200)
  assert.ok(next.log.includes('info the lease exists again'))
  await end(clock, next)
})

test('a Lease that no replica may take is logged once with the fix, and makes the replica unready until it may', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const isTaking = ({ method, path }: KubeCall): boolean => method === 'PUT' && path.includes('/leases/')
  const fault = { matches: isTaking, status: 422 }
  server.faults.add(fault)
  const helper = startHelper(server, clock, cloud, {}, { http: true })
  const port = await helper.port
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status
  await clock.advance(60_000)
  assert.equal(await ready(), 503)
  const lines = helper.log.filter((line) => line.includes('LEASE_REFUSED'))
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^error the Lease home\/r cannot be acquired.* a fault.*kubectl -n home delete lease r/)
  server.faults.delete(fault)
  await clock.advance(5_000)
  assert.equal(await ready(), 200)
  assert.ok(helper.log.includes('info the lease can be acquired again'))
  await end(clock, helper)
})

test('no write or Event that waits for a connection is sent after the lease was lost', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const conditions = new Map<string, KubeCall['maySend']>()
  const client: KubeClient = {
    ...server.client,
    request: <T>(call: KubeCall, signal?: AbortSignal) => {
      const resource = call.path.split('?')[0]?.split('/').at(-2) ?? ''
      if (call.method !== 'GET' && call.method !== 'PUT') conditions.set(`${call.method} ${resource}`, call.maySend)
      return server.client.request<T>(call, signal)
    },
  }
  const isShop = ({ method, path }: KubeCall): boolean => method === 'PATCH' && path.includes('/shop/secrets/')
  server.faults.add({ matches: isShop, status: 422 })
  const helper = startHelper(server, clock, cloud, {}, { client })
  await clock.advance(5_000)
  const named = (): object => Object.fromEntries([...conditions].map(([call, maySend]) => [call, maySend?.()]))
  const expected = (may: boolean): object => ({ 'PATCH configmaps': may, 'PATCH secrets': may, 'POST shop': may })
  assert.deepEqual(named(), expected(true))
  server.faults.add({ matches: ({ path }) => path.includes('/leases/'), status: 'hang' })
  clock.pause(10_100)
  assert.deepEqual(named(), expected(false))
  await clock.advance(30_000)
  assert.equal(await helper.done, 'LEASE_LOST')
})

test('a process that was stopped for longer than its lease lasts starts no write when it continues', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  assert.notEqual(server.get('secrets/shop/acr-nopass'), undefined)
  clock.pause(20_000)
  // The event is read before any timer runs.
  server.createNamespace('late')
  await settle()
  assert.equal(server.get('secrets/late/acr-nopass'), undefined)
  await clock.advance(20_000)
  assert.equal(await helper.done, 'LEASE_LOST')
})

test('a namespace that opts out loses its references within a second, and gets them back when it opts in', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  server.create('serviceaccounts/shop/default', { imagePullSecrets: [{ name: 'theirs' }] })
  const helper = startHelper(server, clock, cloud, { attach: 'serviceAccounts' })
  const list = () => server.get('serviceaccounts/shop/default')?.imagePullSecrets?.map(({ name }) => name)
  await clock.advance(5_000)
  assert.deepEqual(list(), ['theirs', 'acr-nopass'])
  server.label('namespaces/shop', { 'acr-nopass.io/skip': 'true' })
  await clock.advance(1_000)
  assert.deepEqual(list(), ['theirs'])
  server.label('namespaces/shop', {})
  await clock.advance(1_000)
  assert.deepEqual(list(), ['theirs', 'acr-nopass'])
  await end(clock, helper)
})

test('P8 a namespace that is created again is served within a second, although the API server takes it for the deleted one at first', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const { request } = server.client
  let stale = true
  const client: KubeClient = {
    ...server.client,
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      if (stale && call.path.includes('/namespaces/again/secrets/')) {
        const text = 'unable to create new content in namespace again because it is being terminated'
        throw new KubeApiError(403, `secrets "acr-nopass" is forbidden: ${text}`)
      }
      return request<T>(call, signal)
    },
  }
  const helper = startHelper(server, clock, cloud, {}, { client })
  await clock.advance(5_000)
  server.createNamespace('again')
  await clock.advance(50)
  stale = false
  await clock.advance(950)
  assert.deepEqual(passwordsIn(server, 'again'), passwordsIn(server, 'shop'))
  await end(clock, helper)
})

test('a release whose Lease was never applied, as by Argo CD, serves every namespace half a minute later', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  server.remove('leases/home/r')
  const helpers = ['one', 'two'].map((name) => startHelper(server, clock, cloud, {}, { name }))
  await clock.advance(40_000)
  assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['a.example.com'])
  const log = helpers.flatMap((helper) => helper.log)
  assert.ok(log.includes('info the lease did not exist and was created'))
  assert.deepEqual(
    log.filter((line) => line.startsWith('error')),
    [],
  )
  await end(clock, ...helpers)
})
