import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { buildOwnGroup } from '../../src/helper/credentials/credential-groups.ts'
import { type CredentialLogOptions, createCredentialLog } from '../../src/helper/credentials/credential-log.ts'
import { EMPTY_LOG, type Logged } from '../../src/helper/credentials/log-step.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
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
import { stored } from './own-copy-fixture.ts'
import { live, OPTIONS } from './plan-fixtures.ts'

const MINUTE = 60_000
const OWN = 'secrets/home/acr-nopass'
const annotation = (server: ApiServer, key: string, name: string): string =>
  server.get(key)?.metadata.annotations?.[`acr-nopass.io/${name}`] ?? ''
const noteIn = (server: ApiServer, namespace: string): string =>
  annotation(server, `secrets/${namespace}/acr-nopass`, 'log')

/**
 * Creates a log that nothing else acts on. `response` returns the response to each read of the
 * helper's own copy.
 */
function openLog(response: () => Promise<object>, more: Partial<CredentialLogOptions> = {}) {
  const clock = createFakeClock()
  const events: string[] = []
  const log = createCredentialLog({
    client: { request: response } as unknown as KubeClient,
    clock,
    namespace: 'home',
    secretName: 'acr-nopass',
    instance: 'home.r',
    rename: (credentials) => credentials,
    onRead: () => undefined,
    onFound: () => undefined,
    onChange: () => undefined,
    onStuck: (isStuck) => void events.push(isStuck ? 'stuck' : 'not stuck'),
    onFailure: () => void events.push('failure'),
    ...more,
  })
  return { clock, log, events }
}
const noCopy = async () => ({ items: [] })

test('after a reload the log is known before it is read, by the present names', () => {
  const carried = { ...EMPTY_LOG, logged: new Map([['a', live('a')]]), copy: { uid: 'u', resourceVersion: '7' } }
  const rename = (credentials: readonly Logged[]) => credentials.map((one) => ({ ...one, name: 'b' }))
  const { log } = openLog(noCopy, { carried, rename })
  assert.deepEqual(log.state, { ...carried, logged: new Map([['b', { ...live('a'), name: 'b' }]]), copy: 'unread' })
})

test('from the moment that namespaces are served, a new credential waits two seconds for its write in the log', async () => {
  const { clock, log, events } = openLog(noCopy)
  const written = (...logged: readonly Logged[]) =>
    log.send({ type: 'written', version: { uid: 'u', resourceVersion: '7' }, logged })
  log.obtained([live('a')])
  await clock.advance(10_000)
  log.open()
  await clock.advance(1_999)
  assert.deepEqual(events, [])
  await clock.advance(1)
  assert.deepEqual(events, ['stuck'])
  written(live('a'))
  assert.deepEqual(events, ['stuck', 'not stuck'])
  log.obtained([live('a', 'next')])
  await clock.advance(1_999)
  written(live('a', 'next'))
  log.obtained([live('a', 'third')])
  await clock.advance(1_999)
  assert.deepEqual(events.splice(0), ['stuck', 'not stuck'])
  await clock.advance(1)
  assert.deepEqual(events, ['stuck'])
})

test('a failed read of the log is reported, but not one that the end of the process aborted', async () => {
  const { log, events } = openLog(async () => {
    throw new Error('down')
  })
  assert.equal(await log.read(AbortSignal.abort()), false)
  assert.deepEqual(events, [])
  assert.equal(await log.read(new AbortController().signal), false)
  assert.deepEqual(events, ['failure'])
})

test('the first read of the log is tried for half a minute, and not again without the permission to read', async () => {
  for (const [status, reads, ms] of [
    [503, 8, 28_700],
    [403, 1, 0],
  ] as const) {
    let count = 0
    const { clock, log, events } = openLog(async () => {
      count += 1
      throw new KubeApiError(status, 'no')
    })
    let endedAt: number | undefined
    void log.readFirst(new AbortController().signal).then(() => {
      endedAt = clock.monotonic()
    })
    await clock.advance(MINUTE)
    assert.deepEqual([count, events.length, endedAt], [reads, reads, ms])
  }
})

test('the first read of the log ends with the process, and with the first response', async () => {
  const stop = new AbortController()
  let count = 0
  const { clock, log, events } = openLog(async () => {
    count += 1
    if (count < 3) throw new KubeApiError(503, 'no')
    return noCopy()
  })
  const reading = log.readFirst(stop.signal)
  await clock.advance(200 + 500)
  await reading
  assert.deepEqual([count, events, log.state.copy], [3, ['failure', 'failure'], 'absent'])
  const stopped = openLog(async () => {
    throw new KubeApiError(503, 'no')
  })
  const last = stopped.log.readFirst(stop.signal)
  await stopped.clock.advance(100)
  stop.abort()
  await last
  assert.deepEqual([stopped.events, stopped.clock.timers], [['failure'], 0])
})

test('a read of the log announces what another leader logged, once, and nothing that this replica knows', async () => {
  const found: (readonly string[])[] = []
  let [changes, reads] = [0, 0]
  let copy = [live('a'), live('b'), live('unneeded')]
  let uid = 'u'
  const response = async () => {
    const { data, metadata } = stored(buildOwnGroup(copy, 5, OPTIONS))
    return { items: [{ data, metadata: { ...metadata, uid } }] }
  }
  const { log } = openLog(response, {
    isNeeded: (name) => name !== 'unneeded',
    onFound: (credentials) => void found.push(credentials.map(({ name, token }) => `${name} ${token.password}`)),
    onChange: () => void changes++,
    onRead: () => void reads++,
  })
  const read = async () => {
    assert.equal(await log.read(new AbortController().signal), true)
    return [found.pop(), changes]
  }
  assert.deepEqual(await read(), [['a a-password', 'b b-password'], 1])
  assert.deepEqual(await read(), [[], 1])
  copy = [live('a', 'theirs', { number: 6 }), live('b')]
  assert.deepEqual(await read(), [['a theirs'], 2])
  // What this replica obtained and could not log yet is newer, and is known.
  log.obtained([live('b', 'mine')])
  assert.deepEqual([await read(), log.state.pending.size], [[[], 3], 1])
  // The copy has the login after all: only the response to the write was lost.
  copy = [live('a', 'theirs', { number: 6 }), live('b', 'mine', { number: 6 })]
  assert.deepEqual([await read(), log.state.pending.size, reads], [[[], 4], 0, 5])
  // Somebody deleted the copy, and another leader created it again with the same content.
  uid = 'other'
  assert.deepEqual([await read(), log.state.uid], [[[], 5], 'other'])
})

test('a read that was under way when a write conflicted shows what the log has', async () => {
  const responses = [noCopy(), Promise.withResolvers<object>()] as const
  let count = 0
  const { log } = openLog(() => (count++ === 0 ? responses[0] : responses[1].promise))
  await log.read(new AbortController().signal)
  log.send({ type: 'written', version: { uid: 'u', resourceVersion: '1' }, logged: [live('a')] })
  const reading = log.read(new AbortController().signal)
  log.send({ type: 'conflict' })
  const copy = stored(buildOwnGroup([live('a', 'theirs', { number: 6 })], 6, OPTIONS))
  responses[1].resolve({ items: [copy] })
  await reading
  assert.equal(log.state.logged.get('a')?.token.password, 'theirs')
})

test('what was read before a write of the log ended does not undo that write', async () => {
  const response = Promise.withResolvers<object>()
  const { log } = openLog(() => response.promise)
  const reading = log.read(new AbortController().signal)
  const version = { uid: 'u', resourceVersion: '7' }
  const logged = [live('a')]
  log.send({ type: 'written', version, logged })
  response.resolve({ items: [] })
  assert.equal(await reading, true)
  assert.deepEqual([log.state.copy, [...log.state.logged.values()], log.state.pending.size], [version, logged, 0])
})

test('the first installation: one write of the log, and then one of each namespace, which notes what of the log it has', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] })
  await clock.advance(10_000)
  const writes = server.calls.filter((call) => call.startsWith('PATCH') && call.includes('/secrets/'))
  assert.deepEqual(
    writes,
    ['home', 'shop'].map((name) => `PATCH /api/v1/namespaces/${name}/secrets/acr-nopass`),
  )
  assert.equal(noteIn(server, 'home'), 'last=1')
  assert.equal(noteIn(server, 'shop'), `${server.get(OWN)?.metadata.uid} a=1,b=1`)
  assert.equal(annotation(server, 'secrets/shop/acr-nopass', 'tokens'), '', 'only the log tells more')
  await end(clock, helper)
})

test('a refresh of one registry rewrites only the namespaces that have it', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  server.createNamespace('other')
  const only = (name: string) => ({ targets: { namespaces: { include: [name] } } })
  const registries = [
    { ...registry('a'), ...only('shop') },
    { ...registry('b'), ...only('other') },
  ]
  cloud.responses.set('a', 30)
  const helper = startHelper(server, clock, cloud, { registries })
  await clock.advance(10_000)
  const version = server.get('secrets/other/acr-nopass')?.metadata.resourceVersion
  const before = passwordsIn(server, 'shop')
  await clock.advance(20 * MINUTE)
  assert.notDeepEqual(passwordsIn(server, 'shop'), before)
  assert.equal(server.get('secrets/other/acr-nopass')?.metadata.resourceVersion, version)
  await end(clock, helper)
})

test('a second credential that arrives while the log is written is logged by a second write, before any namespace has it', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const client = delayOwnWrites(server, clock, 600)
  cloud.responses.set('b', 45)
  const registries = [registry('a'), registry('b')]
  const helper = startHelper(
    server,
    clock,
    cloud,
    { registries, verify: { enabled: true, interval: '1m' } },
    { client },
  )
  await clock.advance(10_000)
  const early: string[] = []
  server.onWrite = (key) => {
    if (!key.startsWith('secrets/') || key === OWN) return
    const [own, here] = [passwordsIn(server, 'home'), passwordsIn(server, 'shop')]
    if (JSON.stringify(own) !== JSON.stringify(here)) early.push(key)
  }
  for (let round = 0; round < 20; round += 1) {
    // Both registries refuse their credentials as revoked, half a second after each other.
    cloud.verdicts.set('a', 'refused')
    await clock.advance(MINUTE)
    cloud.verdicts.set('b', 'refused')
    await clock.advance(500)
    cloud.verdicts.clear()
    await clock.advance(MINUTE)
  }
  assert.deepEqual([early, passwordsIn(server, 'shop')], [[], passwordsIn(server, 'home')])
  await end(clock, helper)
})

test('what another leader logged is adopted by the one whose write comes later, and replaced by neither', async () => {
  const [server, clock, cloud, other] = [createApiServer(), createFakeClock(), createCloud(), createCloud()]
  const registries = [registry('a'), registry('b')]
  const one = startHelper(server, clock, cloud, { registries })
  await clock.advance(5_000)
  // As if somebody had edited the Lease: both lead.
  const apart: KubeClient = {
    ...server.client,
    request: <T>(call: KubeCall, signal?: AbortSignal) =>
      server.client.request<T>({ ...call, path: call.path.replace(/leases\/r\b/, 'leases/s') }, signal),
  }
  server.create('leases/home/s')
  const two = startHelper(server, clock, other, { registries }, { name: 'two', client: apart })
  await clock.advance(5_000)
  const numbers: number[] = []
  server.onWrite = (key) => {
    if (key === OWN) numbers.push(Number(noteIn(server, 'home').slice('last='.length)))
  }
  for (let hour = 0; hour < 6; hour += 1) {
    await clock.advance(60 * MINUTE)
    assert.deepEqual(passwordsIn(server, 'shop'), passwordsIn(server, 'home'))
  }
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    'numbers only grow',
  )
  // Each replica adopts the other's credential with its schedule, so neither replica requests more
  // than it would alone.
  assert.ok(cloud.calls.length + other.calls.length <= 2 * 6 * 4, `${cloud.calls.length} + ${other.calls.length}`)
  await end(clock, one, two)
})

test('after a restore of etcd the log has again what this replica had logged, above the numbers of before', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const backup = structuredClone(server.get(OWN))
  await clock.advance(30 * MINUTE)
  const present = passwordsIn(server, 'shop')
  assert.deepEqual([noteIn(server, 'home'), passwordsIn(server, 'home')], ['last=2', present])
  server.create(OWN, backup)
  await clock.advance(5_000)
  assert.deepEqual([passwordsIn(server, 'home'), noteIn(server, 'home')], [present, 'last=3'])
  assert.match(noteIn(server, 'shop'), / a=3$/)
  await end(clock, helper)
})

test('a log that is deleted is written again without a request to the cloud, and each namespace is written once', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const [present, from] = [passwordsIn(server, 'shop'), server.calls.length]
  server.remove(OWN)
  await clock.advance(5_000)
  assert.deepEqual(
    [passwordsIn(server, 'home'), passwordsIn(server, 'shop'), cloud.calls.length],
    [present, present, 1],
  )
  const writes = server.calls.slice(from).filter((call) => call.startsWith('PATCH') && call.includes('/shop/secrets/'))
  assert.equal(writes.length, 1)
  assert.equal(noteIn(server, 'shop'), `${server.get(OWN)?.metadata.uid} a=2`)
  await end(clock, helper)
})

test('another client that only labels the log costs one read at the next refresh', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const from = server.calls.length
  server.label(OWN, { ...server.get(OWN)?.metadata.labels, seen: 'yes' })
  await clock.advance(60 * MINUTE)
  assert.equal(server.calls.slice(from).filter((call) => call === 'GET /api/v1/namespaces/home/secrets').length, 1)
  assert.deepEqual(passwordsIn(server, 'home'), passwordsIn(server, 'shop'))
  await end(clock, helper)
})

test('while the log cannot be written, namespaces get new credentials after two seconds, and a metric and a problem tell', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const metric = async () => helper.metrics.registry.getSingleMetricAsString('acr_nopass_log_unwritable')
  const failing = { matches: isOwnWrite, status: 503 }
  server.faults.add(failing)
  let wroteAt: number | undefined
  server.onWrite = (key) => {
    if (key === 'secrets/shop/acr-nopass') wroteAt ??= clock.monotonic()
  }
  while (cloud.calls.length < 2) await clock.advance(100)
  const gotAt = clock.monotonic()
  await clock.advance(3_000)
  assert.ok((wroteAt ?? 0) - gotAt > 1_800 && (wroteAt ?? 0) - gotAt <= 2_000, `${(wroteAt ?? 0) - gotAt}`)
  assert.match(noteIn(server, 'shop'), / a=unlogged$/)
  assert.match(await metric(), / 1$/m)
  await clock.advance(MINUTE)
  const status = statusOf(server)
  assert.equal(status.problems[0]?.code, 'LOG_UNWRITABLE')
  server.faults.delete(failing)
  await clock.advance(5 * MINUTE)
  assert.match(noteIn(server, 'shop'), / a=2$/)
  assert.match(await metric(), / 0$/m)
  await end(clock, helper)
})

test('after a reload the metric tells of the present log alone', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  const metric = async () => helper.metrics.registry.getSingleMetricAsString('acr_nopass_log_unwritable')
  assert.match(await metric(), / 0$/m)
  const failing = { matches: isOwnWrite, status: 403 }
  server.faults.add(failing)
  await clock.advance(30 * MINUTE)
  assert.match(await metric(), / 1$/m)
  server.faults.delete(failing)
  helper.configure({ secretLabels: { team: 'b' } })
  await clock.advance(MINUTE)
  assert.deepEqual(passwordsIn(server, 'home'), passwordsIn(server, 'shop'))
  assert.match(await metric(), / 0$/m)
  await end(clock, helper)
})

test('two registries with one domain: each has its login in the log, and a restart requests neither again', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const domains = ['shared.example.com']
  const include = (name: string) => ({ targets: { namespaces: { include: [name] } } })
  server.createNamespace('other')
  const registries = [
    { ...registry('a'), domains, ...include('shop') },
    { ...registry('b'), domains, ...include('other') },
  ]
  const one = startHelper(server, clock, cloud, { registries })
  await clock.advance(5_000)
  const [shop, other] = [passwordsIn(server, 'shop'), passwordsIn(server, 'other')]
  assert.notDeepEqual(shop, other)
  assert.deepEqual(Object.keys(passwordsIn(server, 'home')), ['b.acr-nopass.invalid', 'shared.example.com'])
  await end(clock, one)
  server.createNamespace('late')
  const two = startHelper(server, clock, cloud, { registries: [registries[0], { ...registries[1], ...include('*') }] })
  await clock.advance(5_000)
  assert.equal(cloud.calls.length, 2)
  assert.deepEqual([passwordsIn(server, 'shop'), passwordsIn(server, 'late')], [shop, other])
  await end(clock, two)
})

test('an upgrade from Secrets without notes requests nothing, and writes the log and each namespace once', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const one = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] })
  await clock.advance(5_000)
  await end(clock, one)
  for (const key of [OWN, 'secrets/shop/acr-nopass']) {
    const { annotations = {} } = server.get(key)?.metadata ?? {}
    const notes = JSON.parse(annotations['acr-nopass.io/tokens'] ?? '[]') as object[]
    annotations['acr-nopass.io/tokens'] = JSON.stringify(notes.map((note) => ({ ...note, number: undefined })))
    delete annotations['acr-nopass.io/log']
  }
  const [before, from, calls] = [passwordsIn(server, 'shop'), server.calls.length, cloud.calls.length]
  const two = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] }, { name: 'two' })
  await clock.advance(10_000)
  const writes = server.calls.slice(from).filter((call) => call.startsWith('PATCH') && call.includes('/secrets/'))
  assert.deepEqual(
    writes,
    ['home', 'shop'].map((name) => `PATCH /api/v1/namespaces/${name}/secrets/acr-nopass`),
  )
  assert.deepEqual([passwordsIn(server, 'shop'), cloud.calls.length], [before, calls])
  assert.match(noteIn(server, 'shop'), / a=1,b=1$/)
  await end(clock, two)
})

test('a retired release that is put to use again has its credentials at once, and numbers above those of before', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(30 * MINUTE)
  const before = passwordsIn(server, 'shop')
  assert.equal(noteIn(server, 'home'), 'last=2')
  const emptied: string[] = []
  server.onWrite = (key) => void emptied.push(key)
  helper.configure({ retire: true })
  await clock.advance(20_000)
  assert.deepEqual([passwordsIn(server, 'shop'), passwordsIn(server, 'home')], [{}, {}])
  assert.deepEqual(
    emptied.filter((key) => key.startsWith('secrets/')),
    ['secrets/shop/acr-nopass', OWN],
  )
  assert.equal(noteIn(server, 'home'), 'last=2')
  helper.configure({ retire: false })
  await clock.advance(20_000)
  assert.deepEqual([passwordsIn(server, 'shop'), noteIn(server, 'home')], [before, 'last=3'])
  await end(clock, helper)
})

test('while the log cannot be read, new credentials are requested and distributed, and the log has both kinds in the end', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const registries = [registry('a'), registry('b')]
  const one = startHelper(server, clock, cloud, { registries })
  await clock.advance(5_000)
  await end(clock, one)
  const before = passwordsIn(server, 'shop')
  const unread = { matches: isOwnRead, status: 503 }
  server.faults.add(unread)
  cloud.responses.set('a', new NopassError('CLOUD_UNAVAILABLE', 'down'))
  const two = startHelper(server, clock, cloud, { registries }, { name: 'two' })
  await clock.advance(3 * MINUTE)
  // Without the entry of `a`, which only the log has, nothing is taken from the namespace.
  assert.deepEqual(passwordsIn(server, 'shop'), before)
  server.createNamespace('late')
  await clock.advance(1_000)
  assert.match(passwordsIn(server, 'late')['b.example.com'] ?? '', /^two-b-/)
  server.faults.delete(unread)
  await clock.advance(2 * MINUTE)
  const after = passwordsIn(server, 'shop')
  assert.equal(after['a.example.com'], before['a.example.com'])
  assert.match(after['b.example.com'] ?? '', /^two-b-/)
  assert.deepEqual([passwordsIn(server, 'home'), passwordsIn(server, 'late')], [after, after])
  await end(clock, two)
})
