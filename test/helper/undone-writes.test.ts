import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HelperStatus } from '../../src/installation/helper-status.ts'
import {
  type ApiServer,
  createApiServer,
  createCloud,
  createFakeClock,
  passwordsIn,
  type StoredObject,
  startHelper,
  statusOf,
} from './helper-fixture.ts'

const MINUTE = 60_000
const LIST = 'serviceaccounts/shop/default'
const SECRET = 'secrets/shop/acr-nopass'

const problemsOf = (server: ApiServer): HelperStatus['problems'] => statusOf(server).problems
const listOf = (server: ApiServer): readonly string[] | undefined =>
  server.get(LIST)?.imagePullSecrets?.map(({ name }) => name)

/** Records the times in milliseconds at which the helper writes an object from now on. */
function writesOf(server: ApiServer, clock: ReturnType<typeof createFakeClock>, key: string): number[] {
  const times: number[] = []
  const from = clock.monotonic()
  server.onWrite = (written) => {
    if (written === key) times.push(clock.monotonic() - from)
  }
  return times
}

function onlyCorporate(key: string, object: StoredObject): StoredObject {
  return key === LIST ? { ...object, imagePullSecrets: [{ name: 'corp' }] } : object
}

/** Removes a label that values ask for. */
function withoutTeam(key: string, object: StoredObject): StoredObject {
  if (key !== SECRET) return object
  const { team: _removed, ...labels } = object.metadata.labels ?? {}
  return { ...object, metadata: { ...object.metadata, labels } }
}

/** Stamps each write, so that every write changes the object. */
function stamped(admission: ApiServer['admission']): ApiServer['admission'] {
  let count = 0
  return (key, object) => {
    count += 1
    const annotations = { ...object.metadata.annotations, 'example.com/seen': String(count) }
    return admission(key, { ...object, metadata: { ...object.metadata, annotations } })
  }
}

for (const [how, admission] of [
  ['so that nothing changes', onlyCorporate],
  ['and stamps the object', stamped(onlyCorporate)],
] as const) {
  test(`a policy that removes our entry, ${how}, is reported, and the write is repeated more and more rarely`, async () => {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    server.create(LIST, { imagePullSecrets: [{ name: 'corp' }] })
    server.admission = admission
    const writes = writesOf(server, clock, LIST)
    const helper = startHelper(server, clock, cloud, { attach: 'serviceAccounts' })
    await clock.advance(40 * MINUTE)
    assert.deepEqual(listOf(server), ['corp'])
    const pauses = writes.slice(1).map((at, index) => at - (writes[index] ?? 0))
    assert.deepEqual(pauses.slice(0, 8), [750, 3_000, 12_000, 48_000, 192_000, 450_000, 450_000, 450_000])
    const [problem] = problemsOf(server)
    assert.deepEqual(
      [problem?.code, problem?.namespace, problem?.object, problem?.message],
      [
        'WRITE_MUTATED',
        'shop',
        'ServiceAccount default',
        'the ServiceAccount default (attach) was accepted, but a policy or webhook undid the change',
      ],
    )
    assert.ok(server.calls.includes('POST /api/v1/namespaces/shop/events'))
    const counted = (await helper.metrics.writes.get()).values.filter(({ labels }) => labels.kind === 'attach')
    assert.deepEqual(
      counted.map(({ labels, value }) => [labels.outcome, value]),
      [['refused', writes.length]],
    )
    // Somebody exempts the helper.
    server.admission = (_key, object) => object
    await clock.advance(10 * MINUTE)
    assert.deepEqual([listOf(server), problemsOf(server)], [['corp', 'acr-nopass'], []])
    helper.stop.abort()
    await clock.advance(20_000)
    assert.equal(await helper.done, 'stopped')
  })
}

for (const [how, admission] of [
  ['so that nothing changes', withoutTeam],
  ['and stamps the object', stamped(withoutTeam)],
] as const) {
  test(`a policy that removes a label of the pull secret, ${how}, is reported, and delays no new credential`, async () => {
    const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
    server.admission = admission
    const writes = writesOf(server, clock, SECRET)
    const helper = startHelper(server, clock, cloud, { secretLabels: { team: 'x' } })
    await clock.advance(30 * MINUTE)
    assert.ok(writes.length >= 6 && writes.length <= 10, `${writes.length} writes`)
    const [problem] = problemsOf(server)
    assert.deepEqual([problem?.code, problem?.namespace], ['WRITE_MUTATED', 'shop'])
    const first = passwordsIn(server, 'shop')['a.example.com']
    for (let minute = 0; minute < 40 && passwordsIn(server, 'home')['a.example.com'] === first; minute += 1)
      await clock.advance(MINUTE)
    assert.notEqual(passwordsIn(server, 'home')['a.example.com'], first)
    assert.deepEqual(passwordsIn(server, 'shop'), passwordsIn(server, 'home'))
    helper.stop.abort()
    await clock.advance(20_000)
    assert.equal(await helper.done, 'stopped')
  })
}
