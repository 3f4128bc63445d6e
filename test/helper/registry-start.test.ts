import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registryShape } from '../../src/acr/registry-config.ts'
import type { NopassError } from '../../src/errors.ts'
import type { Credential, RegistryValues } from '../../src/helper/credentials/registry-state.ts'
import { MINUTE, OUTAGE, openRefresh } from './refresh-fixture.ts'

test('a login without expiry is read from its files every 30 s, and only a changed login counts as new', async () => {
  const { clock, refresh, calls, tokens } = openRefresh({ life: null })
  refresh.lead()
  await clock.advance(5 * MINUTE)
  assert.deepEqual([calls.length, tokens.length], [11, 1])
})

/** The shape of the fixture's registry, which configures nothing. */
const SHAPE = registryShape({} as RegistryValues)

/** The credential of an earlier process. It is valid for an hour, and due after 38 minutes. */
function tokenOf(issuedAt: number): Credential {
  const expiresAt = issuedAt + 60 * MINUTE
  const token = { username: 'u', password: 'old', issuedAt, expiresAt, domains: ['a.example.com'] }
  return { name: 'prod', fingerprint: 'fp', shape: SHAPE, token, refreshAt: issuedAt + 38 * MINUTE }
}

test('a credential of an earlier process is used and refreshed by its own schedule, without a call', async () => {
  const { clock, refresh, calls, tokens } = openRefresh()
  refresh.lead(tokenOf(clock.now() - 20 * MINUTE))
  await clock.advance(17 * MINUTE)
  assert.deepEqual([calls, tokens.length, refresh.state.live?.token.password], [[], 0, 'old'])
  await clock.advance(2 * MINUTE)
  assert.deepEqual(calls, [18 * MINUTE])
})

test('an expired credential of an earlier process is kept, and replaced immediately and unpaced', async () => {
  const { clock, refresh, calls, tokens } = openRefresh()
  refresh.lead(tokenOf(clock.now() - 90 * MINUTE))
  assert.equal(refresh.state.live?.token.password, 'old')
  await clock.advance(10)
  assert.deepEqual([calls, tokens.at(-1)?.live?.token.password, tokens.at(-1)?.urgent], [[0], 'p1', true])
})

test('a follower requests a token until it gets one, discards the token, and requests no other', async () => {
  const { clock, refresh, calls, responses, tokens } = openRefresh()
  responses.unshift(OUTAGE, OUTAGE)
  refresh.prove()
  await clock.advance(300 * MINUTE)
  assert.equal(calls.length, 3)
  assert.deepEqual([refresh.state.isProven, refresh.state.live, tokens], [true, undefined, []])
})

test('a proof in progress when the replica begins to lead gives the credential only if the log has none', async () => {
  for (const [found, password] of [
    [undefined, 'p1'],
    [tokenOf(Date.parse('2026-01-01T00:00:00Z')), 'old'],
  ] as const) {
    const { clock, refresh, calls, responses } = openRefresh()
    const slow = Promise.withResolvers<number>()
    responses.unshift({ after: slow.promise })
    refresh.prove()
    await clock.advance(1_000)
    refresh.lead(found)
    slow.resolve(60 * MINUTE)
    await clock.advance(MINUTE)
    assert.deepEqual([calls.length, refresh.state.live?.token.password], [1, password])
    refresh.stop()
  }
})

test('a request for a new credential during a proof is not handled by the proof, whose token is discarded', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  const slow = Promise.withResolvers<number>()
  responses.unshift({ after: slow.promise })
  refresh.prove()
  await clock.advance(1_000)
  refresh.lead(tokenOf(clock.now()))
  refresh.doubt()
  slow.resolve(60 * MINUTE)
  await clock.advance(1_000)
  assert.deepEqual([calls, refresh.state.live?.token.password, refresh.state.isFresh], [[0, 1_000], 'p2', true])
})

test('a static login of the log is read again at once, because its files may have changed since', async () => {
  const { clock, refresh, calls, tokens } = openRefresh({ life: null })
  const found = tokenOf(clock.now())
  refresh.lead({ ...found, refreshAt: null, token: { ...found.token, expiresAt: null } })
  await clock.advance(10)
  assert.deepEqual([calls, tokens.map(({ live }) => live?.token.password)], [[0], ['p0']])
  await clock.advance(29_000)
  assert.equal(calls.length, 1)
})

test('a registry that failed before a good credential was read back is soon called again, so that it does not count as failing for long', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  responses.unshift(OUTAGE)
  refresh.prove()
  await clock.advance(10)
  assert.deepEqual([calls.length, refresh.state.failures], [1, 1])
  refresh.lead(tokenOf(clock.now() - 10 * MINUTE))
  await clock.advance(MINUTE)
  assert.deepEqual([calls.length, refresh.state.failures, refresh.state.error], [2, 0, undefined])
})

for (const readBack of [true, false]) {
  test(`a reload while a registry fails keeps trying, ${readBack ? 'with' : 'without'} a credential that is read back`, async () => {
    const first = openRefresh()
    first.refresh.lead()
    await first.clock.advance(MINUTE)
    first.responses.unshift(OUTAGE)
    first.refresh.force()
    await first.clock.advance(10)
    const { state } = first.refresh
    first.refresh.stop()
    assert.deepEqual([state.failures, state.live?.token.password], [1, 'p1'])
    const second = openRefresh({ initial: state })
    second.refresh.lead(readBack ? state.live : undefined)
    await second.clock.advance(5 * MINUTE)
    assert.deepEqual([second.calls.length, second.refresh.state.failures], [1, 0])
    second.refresh.stop()
  })
}

for (const readBack of [false, true]) {
  test(`a reload while a revoked credential is being replaced replaces it, ${readBack ? 'with' : 'without'} the helper's own copy read back`, async () => {
    const first = openRefresh({ verifyIntervalMs: 5 * MINUTE })
    first.refresh.lead()
    await first.clock.advance(MINUTE)
    first.refresh.force()
    await first.clock.advance(MINUTE)
    first.responses.unshift('never')
    first.verdicts.unshift('refused')
    await first.clock.advance(5 * MINUTE)
    const { state } = first.refresh
    first.refresh.stop()
    assert.deepEqual(first.events, ['refreshed', 'refreshed', 'revoked'])
    const second = openRefresh({ verifyIntervalMs: 5 * MINUTE, initial: state })
    second.refresh.lead(readBack ? state.live : undefined)
    await second.clock.advance(10 * MINUTE)
    assert.deepEqual([second.calls, second.refresh.state.verified, second.events], [[0], 'accepted', ['refreshed']])
    second.refresh.stop()
  })
}

test('a request for a rotation is handled immediately, by one call', async () => {
  const { clock, refresh, calls } = openRefresh()
  refresh.lead()
  await clock.advance(5 * MINUTE)
  refresh.force()
  refresh.force()
  await clock.advance(MINUTE)
  assert.deepEqual(calls, [0, 5 * MINUTE])
})

for (const [title, response] of [
  ['succeeds', 60 * MINUTE],
  ['fails', OUTAGE],
] as const) {
  test(`a request for a rotation during an earlier call to the cloud is not lost when that call ${title}`, async () => {
    const { clock, refresh, calls, responses } = openRefresh()
    refresh.lead()
    await clock.advance(5 * MINUTE)
    const slow = Promise.withResolvers<number | NopassError>()
    responses.unshift({ after: slow.promise })
    refresh.force()
    await clock.advance(10_000)
    refresh.ask(clock.monotonic())
    await clock.advance(10_000)
    slow.resolve(response)
    await clock.advance(20 * MINUTE)
    assert.deepEqual(calls, [0, 5 * MINUTE, 5 * MINUTE + 20_000])
  })
}

test('a request for a rotation that was noticed before a call to the cloud is handled by that call', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  const noticedAt = clock.monotonic()
  await clock.advance(1_000)
  const slow = Promise.withResolvers<number | NopassError>()
  responses.unshift({ after: slow.promise })
  refresh.lead()
  await clock.advance(1_000)
  refresh.ask(noticedAt)
  slow.resolve(60 * MINUTE)
  await clock.advance(20 * MINUTE)
  assert.deepEqual(calls, [1_000])
})
