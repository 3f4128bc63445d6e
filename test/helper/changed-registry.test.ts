import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import {
  createApiServer,
  createCloud,
  createFakeClock,
  end,
  instanceOf,
  isOwnRead,
  passwordsIn,
  registry,
  startHelper,
  statusOf,
} from './helper-fixture.ts'

const MINUTE = 60_000

test('while a changed registry gives no credential, the credential of the earlier configuration is refreshed, even after another change', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const at = (instanceId: string, domain: string) => ({ ...registry('a', instanceId), domains: [domain] })
  for (const instanceId of ['cri-typo1', 'cri-typo2']) {
    cloud.responses.set(instanceOf(at(instanceId, '')), new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
  }
  const one = startHelper(server, clock, cloud, { registries: [at('cri-a', 'old.example.com')] })
  await clock.advance(2_000)
  // The second helper leads only later. It then has the credential from the helper's own copy.
  const two = startHelper(server, clock, cloud, { registries: [at('cri-a', 'old.example.com')] }, { name: 'two' })
  await clock.advance(3_000)
  const left = (): number => {
    const [note] = JSON.parse(
      server.get('secrets/home/acr-nopass')?.metadata.annotations?.['acr-nopass.io/tokens'] ?? '',
    )
    return note.expiresAt - clock.now()
  }
  const lives = async (): Promise<void> => {
    for (let hour = 0; hour < 3; hour += 1) {
      await clock.advance(60 * MINUTE)
      assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['old.example.com'])
      assert.ok(left() > 6 * MINUTE, `${left()}`)
    }
  }
  for (const helper of [one, two]) helper.configure({ registries: [at('cri-typo1', 'new.example.com')] })
  await lives()
  one.configure({ registries: [at('cri-typo2', 'new.example.com')] })
  two.configure({ registries: [at('cri-typo2', 'new.example.com')] })
  await lives()
  await end(clock, one)
  await lives()
  const status = statusOf(server)
  assert.deepEqual([status.registries[0]?.state, status.registries[0]?.error?.code], ['pending', 'CLOUD_NOT_FOUND'])

  cloud.responses.clear()
  await clock.advance(2 * MINUTE)
  assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['new.example.com'])
  await end(clock, two)
})

test('a typo in one registry keeps its last entry, blocks no other registry, and is named in the status', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] })
  await clock.advance(5_000)
  const before = passwordsIn(server, 'shop')
  cloud.responses.set('a', new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
  helper.configure({ registries: [registry('a', 'cri-typo'), registry('b')] })
  await clock.advance(3 * 60 * MINUTE)
  const after = passwordsIn(server, 'shop')
  assert.equal(after['a.example.com'], before['a.example.com'])
  assert.notEqual(after['b.example.com'], before['b.example.com'])
  const expiresAt = server.get('secrets/shop/acr-nopass')?.metadata.annotations?.['acr-nopass.io/expires-at'] ?? ''
  assert.ok(Date.parse(expiresAt) > clock.now(), 'the expiry of the Secret is that of what is live')
  const status = statusOf(server)
  assert.deepEqual(
    status.registries.map((one: { name: string; state: string; error?: { code: string } }) => [
      one.name,
      one.state,
      one.error?.code,
    ]),
    [
      ['a', 'pending', 'CLOUD_NOT_FOUND'],
      ['b', 'live', undefined],
    ],
  )
  await end(clock, helper)
  // The next process reads the entry from the helper's own copy.
  const next = startHelper(
    server,
    clock,
    cloud,
    { registries: [registry('a', 'cri-typo'), registry('b')] },
    { name: 'two' },
  )
  server.createNamespace('later')
  await clock.advance(60 * MINUTE)
  assert.equal(passwordsIn(server, 'shop')['a.example.com'], before['a.example.com'])
  assert.match(passwordsIn(server, 'shop')['b.example.com'] ?? '', /^two-/)
  assert.deepEqual(passwordsIn(server, 'later'), passwordsIn(server, 'shop'))
  cloud.responses.delete('a')
  await clock.advance(2 * MINUTE)
  assert.match(passwordsIn(server, 'shop')['a.example.com'] ?? '', /^two-/)
  await end(clock, next)
})

test("if the helper's own copy is lost with the leader while a registry fails, the registry’s entry stays in each Secret until the first credential there expires", async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const registries = [registry('a'), registry('b')]
  const first = startHelper(server, clock, cloud, { registries })
  await clock.advance(5_000)
  const before = passwordsIn(server, 'shop')
  await end(clock, first)
  server.remove('secrets/home/acr-nopass')
  cloud.responses.set('a', new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
  const typo = { registries: [registry('a', 'cri-typo'), registry('b')] }
  const helper = startHelper(server, clock, cloud, typo, { name: 'two' })
  await clock.advance(59 * MINUTE)
  assert.deepEqual(passwordsIn(server, 'shop'), before)
  // After that, the other registries are written without the lost entry.
  await clock.advance(2 * MINUTE)
  assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['b.example.com'])
  assert.match(passwordsIn(server, 'shop')['b.example.com'] ?? '', /^two-b-/)
  server.createNamespace('later')
  await clock.advance(1_000)
  assert.deepEqual(passwordsIn(server, 'later'), passwordsIn(server, 'shop'))
  await end(clock, helper)
  assert.equal(server.calls.filter((call) => call === 'GET /api/v1/namespaces/shop/secrets').length, 0)
  cloud.responses.delete('a')
  const repaired = startHelper(server, clock, cloud, { registries }, { name: 'four' })
  await clock.advance(2 * MINUTE)
  assert.match(passwordsIn(server, 'shop')['a.example.com'] ?? '', /^four-a-/)
  await end(clock, repaired)
})

const moved = { ...registry('a'), domains: ['moved.example.com'] }

test('a registry that a reload changed gets its new credential under the next configuration, even if its first request fails', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const helper = startHelper(server, clock, cloud)
  await clock.advance(5_000)
  cloud.responses.set('a', new NopassError('CLOUD_UNAVAILABLE', 'down'))
  helper.configure({ registries: [moved] })
  await clock.advance(5_500)
  helper.configure({ secretLabels: { team: 'b' } })
  await clock.advance(5_500)
  assert.equal(helper.log.filter((line) => line.includes('was reloaded')).length, 2)
  cloud.responses.delete('a')
  await clock.advance(2 * MINUTE)
  assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['moved.example.com'])
  await end(clock, helper)
})

test('a registry that a reload changed gets one new credential from the next leader', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const one = startHelper(server, clock, cloud)
  await clock.advance(2_000)
  const two = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(3_000)
  cloud.responses.set('a', new NopassError('CLOUD_UNAVAILABLE', 'down'))
  for (const helper of [one, two]) helper.configure({ registries: [moved] })
  await clock.advance(6_000)
  one.stop.abort()
  await clock.advance(3_000)
  cloud.responses.delete('a')
  await clock.advance(2 * MINUTE)
  assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['moved.example.com'])
  const calls = cloud.calls.length
  two.configure({ secretLabels: { team: 'b' } })
  await clock.advance(MINUTE)
  assert.equal(cloud.calls.length, calls)
  await end(clock, one, two)
})

test('after a reload changed a registry and the leader replaced its credential, the next leader does not replace it again', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const one = startHelper(server, clock, cloud)
  await clock.advance(2_000)
  const two = startHelper(server, clock, cloud, {}, { name: 'two' })
  await clock.advance(3_000)
  for (const helper of [one, two]) helper.configure({ registries: [moved] })
  await clock.advance(10_000)
  const before = passwordsIn(server, 'shop')
  assert.match(before['moved.example.com'] ?? '', /^one-a-/)
  one.stop.abort()
  await clock.advance(MINUTE)
  assert.deepEqual(passwordsIn(server, 'shop'), before)
  await end(clock, one, two)
})

test('a helper that starts with other domains than the Secrets have replaces the credentials immediately; with the same domains it replaces nothing', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  for (const [registries, domain, calls] of [
    [[moved], 'moved.example.com', 1],
    [[registry('a')], 'a.example.com', 2],
    [[registry('a')], 'a.example.com', 2],
  ] as const) {
    const helper = startHelper(server, clock, cloud, { registries })
    await clock.advance(10_000)
    for (const namespace of ['home', 'shop']) {
      assert.deepEqual(Object.keys(passwordsIn(server, namespace)), [domain])
    }
    assert.equal(cloud.calls.length, calls)
    await end(clock, helper)
  }
})

test('a namespace that is created while a changed registry gives no credential gets the entry of the registry’s earlier configuration', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  const typo = registry('a', 'cri-typo')
  cloud.responses.set(instanceOf(typo), new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
  const helper = startHelper(server, clock, cloud, { registries: [registry('a'), registry('b')] })
  await clock.advance(5_000)
  const before = passwordsIn(server, 'shop')
  assert.deepEqual(Object.keys(before).sort(), ['a.example.com', 'b.example.com'])
  // The helper's own copy cannot be read, so only this process knows the entry.
  server.faults.add({ matches: isOwnRead, status: 403 })
  helper.configure({ registries: [typo, registry('b')] })
  await clock.advance(20_000)
  server.createNamespace('late')
  await clock.advance(5_000)
  assert.deepEqual(passwordsIn(server, 'late'), before)
  await end(clock, helper)
})

for (const how of ['a reload', 'a restart'] as const) {
  test(`a registry that gets another name keeps its login in the Secrets while the cloud is down, after ${how}`, async () => {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    const named = (name: string) => ({ ...registry(name, 'cri-shop'), domains: ['shop.example.com'] })
    const first = startHelper(server, clock, cloud, { registries: [named('shop'), registry('b')] })
    await clock.advance(5_000)
    const before = passwordsIn(server, 'shop')
    cloud.responses.set(instanceOf(named('store')), new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down'))
    const renamed = { registries: [named('store'), registry('b')] }
    if (how === 'a reload') first.configure(renamed)
    else await end(clock, first)
    const helper = how === 'a reload' ? first : startHelper(server, clock, cloud, renamed, { name: 'two' })
    await clock.advance(10 * MINUTE)
    assert.deepEqual(passwordsIn(server, 'shop'), before)
    const annotations = server.get('secrets/shop/acr-nopass')?.metadata.annotations
    assert.equal(annotations?.['acr-nopass.io/registries'], 'b,store')
    cloud.responses.clear()
    await clock.advance(60 * MINUTE)
    assert.notEqual(passwordsIn(server, 'shop')['shop.example.com'], before['shop.example.com'])
    // A registry that is removed from the values is removed from the Secrets, whatever its last
    // name.
    helper.configure({ registries: [registry('b')] })
    await clock.advance(MINUTE)
    assert.deepEqual(Object.keys(passwordsIn(server, 'shop')), ['b.example.com'])
    await end(clock, helper)
  })
}
