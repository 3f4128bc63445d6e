import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NopassError } from '../../src/errors.ts'
import type { LiveToken } from '../../src/helper/credentials/registry-state.ts'
import { MINUTE, OUTAGE, openRefresh } from './refresh-fixture.ts'

test('a login without expiry is read from its files every 30 s, and only a changed one counts', async () => {
  const { clock, refresh, calls, tokens } = openRefresh({ life: null })
  refresh.start()
  await clock.advance(5 * MINUTE)
  assert.deepEqual([calls.length, tokens.length], [11, 1])
})

/** The credential of an earlier process: valid for an hour, to be replaced after 38 minutes. */
function tokenOf(issuedAt: number): LiveToken {
  const expiresAt = issuedAt + 60 * MINUTE
  const token = { username: 'u', password: 'old', issuedAt, expiresAt, domains: ['a.example.com'] }
  return { name: 'prod', fingerprint: 'fp', token, refreshAt: issuedAt + 38 * MINUTE }
}

test('a credential of an earlier process is used according to its own schedule, without a call', async () => {
  const { clock, refresh, calls, tokens } = openRefresh()
  refresh.adopt(tokenOf(clock.now() - 20 * MINUTE))
  refresh.start()
  await clock.advance(17 * MINUTE)
  assert.deepEqual([calls, tokens.length], [[], 1])
  await clock.advance(2 * MINUTE)
  assert.deepEqual(calls, [18 * MINUTE])
})

test('an expired credential of an earlier process is kept, and replaced immediately and unpaced', async () => {
  const { clock, refresh, calls, tokens } = openRefresh()
  refresh.adopt(tokenOf(clock.now() - 90 * MINUTE))
  assert.equal(refresh.state.live?.token.password, 'old')
  refresh.start()
  await clock.advance(10)
  assert.deepEqual([calls, tokens.at(-1)?.live?.token.password, tokens.at(-1)?.urgent], [[0], 'p1', true])
})

test('a follower requests a token until it has one, and no further ones', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  responses.unshift(OUTAGE, OUTAGE)
  refresh.prove()
  await clock.advance(300 * MINUTE)
  assert.equal(calls.length, 3)
  assert.equal(refresh.state.live?.token.password, 'p1')
})

test('a registry that failed before it read back a good credential is soon called again, so that it does not count as failing for long', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  responses.unshift(OUTAGE)
  refresh.prove()
  await clock.advance(10)
  assert.deepEqual([calls.length, refresh.state.failures], [1, 1])
  refresh.adopt(tokenOf(clock.now() - 10 * MINUTE))
  refresh.start()
  await clock.advance(MINUTE)
  assert.deepEqual([calls.length, refresh.state.failures, refresh.state.error], [2, 0, undefined])
})

for (const readBack of [true, false]) {
  test(`a reload while a registry fails keeps trying, ${readBack ? 'with' : 'without'} a credential that is read back`, async () => {
    const first = openRefresh()
    first.refresh.start()
    await first.clock.advance(MINUTE)
    first.responses.unshift(OUTAGE)
    first.refresh.force()
    await first.clock.advance(10)
    const { state } = first.refresh
    first.refresh.stop()
    assert.deepEqual([state.failures, state.live?.token.password], [1, 'p1'])
    const second = openRefresh({ initial: state })
    if (readBack && state.live) second.refresh.adopt(state.live)
    second.refresh.start()
    await second.clock.advance(5 * MINUTE)
    assert.deepEqual([second.calls.length, second.refresh.state.failures], [1, 0])
    second.refresh.stop()
  })
}

for (const readBack of [false, true]) {
  test(`a reload while a revoked credential is being replaced replaces it, ${readBack ? 'with' : 'without'} the own copy read back`, async () => {
    const first = openRefresh({ verifyIntervalMs: 5 * MINUTE })
    first.refresh.start()
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
    if (readBack && state.live) second.refresh.adopt(state.live)
    second.refresh.start()
    await second.clock.advance(10 * MINUTE)
    assert.deepEqual([second.calls, second.refresh.state.verified, second.events], [[0], 'accepted', ['refreshed']])
    second.refresh.stop()
  })
}

test('a request for a rotation is granted immediately, in one call', async () => {
  const { clock, refresh, calls } = openRefresh()
  refresh.start()
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
  test(`a request for a rotation during a call of the cloud that was sent before is not lost when that ${title}`, async () => {
    const { clock, refresh, calls, responses } = openRefresh()
    refresh.start()
    await clock.advance(5 * MINUTE)
    const slow = Promise.withResolvers<number | NopassError>()
    responses.unshift({ after: slow.promise })
    refresh.force()
    await clock.advance(10_000)
    refresh.request(clock.monotonic())
    await clock.advance(10_000)
    slow.resolve(response)
    await clock.advance(20 * MINUTE)
    assert.deepEqual(calls, [0, 5 * MINUTE, 5 * MINUTE + 20_000])
  })
}

test('a request for a rotation that was noticed before a call of the cloud is answered by that call', async () => {
  const { clock, refresh, calls, responses } = openRefresh()
  const noticedAt = clock.monotonic()
  await clock.advance(1_000)
  const slow = Promise.withResolvers<number | NopassError>()
  responses.unshift({ after: slow.promise })
  refresh.start()
  await clock.advance(1_000)
  refresh.request(noticedAt)
  slow.resolve(60 * MINUTE)
  await clock.advance(20 * MINUTE)
  assert.deepEqual(calls, [1_000])
})
