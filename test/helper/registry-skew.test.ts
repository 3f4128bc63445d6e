import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, OUTAGE, openRefresh } from './refresh-fixture.ts'

const HOUR = 60 * MINUTE

test('a credential with a future issue time is refreshed after it is read back, because the clock is behind and only a call corrects the clock', async () => {
  const { clock, refresh, calls } = openRefresh()
  const [issuedAt, expiresAt] = [clock.now() + 3 * HOUR, clock.now() + 4 * HOUR]
  const token = { username: 'u', password: 'before', issuedAt, expiresAt, domains: ['a.example.com'] }
  refresh.lead({ name: 'prod', fingerprint: 'fp', shape: '', token, refreshAt: issuedAt + 0.6 * HOUR })
  await clock.advance(1000)
  assert.deepEqual([calls, refresh.state.live?.token.password], [[0], 'p1'])
})

test('a pause is measured in elapsed time, so that it stays the same if a call sets the clock back by hours', async () => {
  const failing = openRefresh()
  failing.cloud.ahead = 2 * HOUR
  failing.responses.unshift(OUTAGE)
  failing.refresh.lead()
  await failing.clock.advance(100)
  failing.cloud.ahead = 0
  await failing.clock.advance(2 * MINUTE)
  assert.equal(failing.refresh.state.live?.token.password, 'p1')
  const fixed = openRefresh({ life: null })
  fixed.cloud.ahead = 2 * HOUR
  fixed.refresh.lead()
  await fixed.clock.advance(100)
  fixed.cloud.ahead = 0
  const before = fixed.calls.length
  await fixed.clock.advance(10 * MINUTE)
  assert.ok(fixed.calls.length - before >= 19, `${fixed.calls.length - before} reads in ten minutes`)
})

test('a credential that expired while this machine slept is replaced within a minute of the corrected clock', async () => {
  const { clock, cloud, calls, refresh } = openRefresh({ life: 60 * MINUTE })
  refresh.lead()
  await clock.advance(1000)
  assert.equal(refresh.state.live?.token.password, 'p1')
  cloud.ahead = 2 * HOUR
  await clock.advance(MINUTE)
  assert.deepEqual([calls.length, refresh.state.live?.token.password], [2, 'p2'])
})
