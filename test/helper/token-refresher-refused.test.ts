import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { MINUTE, OUTAGE, openRefresh } from './refresh-bench.ts'

const passwords = ({ tokens }: ReturnType<typeof openRefresh>) => tokens.map(({ live }) => live?.token.password)

test('U1 a first credential that is refused is used and reported, checked again, and no other is requested before its time', async () => {
  const bench = openRefresh({ verifyIntervalMs: 5 * MINUTE })
  const { clock, refresh, calls, events, verdicts } = bench
  verdicts.splice(0, 1, 'refused')
  refresh.start()
  await clock.advance(20 * MINUTE)
  assert.deepEqual([calls, passwords(bench)], [[0], ['p1']])
  assert.deepEqual([refresh.state.verified, refresh.state.error?.code], ['refused', 'REGISTRY_LOGIN_REFUSED'])
  assert.equal(events[0], 'refused')
  assert.ok(!events.includes('revoked') && !events.includes('failed'), events.join())
  // The check was wrong, and the next one says so.
  verdicts.splice(0, 1, 'accepted')
  await clock.advance(3 * MINUTE)
  assert.deepEqual([refresh.state.verified, refresh.state.error, calls.length], ['accepted', undefined, 1])
})

test('U1 the checks of a refused credential alone cause no rewrite: one in each normal period', async () => {
  const bench = openRefresh({ verifyIntervalMs: 5 * MINUTE })
  const { clock, refresh, calls, verdicts } = bench
  verdicts.splice(0, 1, 'refused')
  refresh.start()
  await clock.advance(24 * 60 * MINUTE)
  // 60 to 70 % of an hour.
  assert.ok(calls.length >= 36 && calls.length <= 41, `${calls.length} requests in a day`)
  assert.equal(bench.tokens.length, calls.length)
})

test('U1 with checks that cannot be made in between, a refused credential is still replaced only when it is due', async () => {
  const bench = openRefresh({ verifyIntervalMs: 5 * MINUTE })
  const { clock, refresh, verdicts } = bench
  verdicts.splice(0, 1, ...Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? 'refused' : 'unreachable')))
  refresh.start()
  await clock.advance(22 * MINUTE)
  assert.deepEqual(passwords(bench), ['p1'])
})

test('U1 a refused successor waits while the old one is accepted, is checked again itself, and replaces it with a tenth of life left', async () => {
  const bench = openRefresh()
  const { clock, refresh, calls, verdicts } = bench
  refresh.start()
  await clock.advance(25 * MINUTE)
  const old = refresh.state.live?.token
  assert.equal(old?.password, 'p2')
  const since = clock.monotonic()
  verdicts.splice(0, 1, 'refused')
  const end = (old?.expiresAt ?? 0) - clock.now()
  await clock.advance(end - 6 * MINUTE - 1000)
  assert.equal(refresh.state.live?.token.password, 'p2')
  assert.equal(refresh.state.error?.code, 'REGISTRY_LOGIN_REFUSED')
  const asked = calls.filter((at) => at > since).length
  assert.equal(asked, 1, 'the same credential is checked again')
  await clock.advance(2000)
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.verified], ['p3', 'refused'])
  assert.equal(bench.events.at(-1), 'refused')
  await clock.advance(10 * MINUTE)
  assert.equal(calls.filter((at) => at > since).length, 1)
})

test('U1 a refused successor is used although a further request fails, rather than that the old one expires', async () => {
  const bench = openRefresh()
  const { clock, refresh, answers, verdicts } = bench
  refresh.start()
  await clock.advance(25 * MINUTE)
  const end = (refresh.state.live?.token.expiresAt ?? 0) - clock.now()
  verdicts.splice(0, 1, 'refused')
  answers.splice(0, 1, 4 * 60 * MINUTE, OUTAGE)
  await clock.advance(end - 5 * MINUTE)
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.verified], ['p3', 'refused'])
})

test('U1 one whose own check was not accepted keeps nothing out', async () => {
  for (const verdict of ['skipped', 'unreachable', 'refused'] as const) {
    const bench = openRefresh()
    bench.verdicts.splice(0, 1, verdict)
    bench.refresh.start()
    await bench.clock.advance(MINUTE)
    bench.verdicts.splice(0, 1, 'refused')
    await bench.clock.advance(24 * MINUTE)
    assert.deepEqual(passwords(bench), ['p1', 'p2'], verdict)
  }
})

test('U1 a static login that is refused at first stays out, and comes in when it is accepted', async () => {
  const bench = openRefresh({ life: null })
  bench.verdicts.splice(0, 1, 'refused')
  bench.refresh.start()
  await bench.clock.advance(10 * MINUTE)
  assert.deepEqual([bench.refresh.state.live, bench.tokens.length], [undefined, 0])
  assert.equal(bench.refresh.state.error?.code, 'REGISTRY_LOGIN_REFUSED')
  bench.verdicts.splice(0, 1, 'accepted')
  await bench.clock.advance(2 * MINUTE)
  assert.equal(bench.tokens.length, 1)
})

test('M4 a credential that is already over is a failure with the usual pauses, and never in use', async () => {
  for (const life of [0, -5 * MINUTE, 9e15]) {
    const bench = openRefresh({ life })
    bench.refresh.start()
    await bench.clock.advance(10 * MINUTE)
    assert.deepEqual([bench.tokens.length, bench.refresh.state.live], [0, undefined])
    assert.equal(bench.refresh.state.error?.code, 'CLOUD_UNAVAILABLE')
    assert.ok(bench.calls.length <= 40, `${bench.calls.length} requests in ten minutes`)
  }
})

test('M4 however short the life of a credential: no more than one request in a second', async () => {
  const bench = openRefresh({ life: 20 })
  bench.refresh.start()
  await bench.clock.advance(MINUTE)
  assert.ok(bench.calls.length <= 61, `${bench.calls.length} requests in a minute`)
})

test('L6 a static login that is read again and again is the same one: nothing that a status shows has changed', async () => {
  const bench = openRefresh({ life: null })
  bench.refresh.start()
  await bench.clock.advance(MINUTE)
  const first = bench.refresh.state
  await bench.clock.advance(60 * MINUTE)
  assert.ok(bench.calls.length > 100)
  assert.deepEqual(bench.refresh.state, first)
})

test('H5 what is read back wins, unless it has expired while a live one is there', async () => {
  const bench = openRefresh({ random: 0 })
  const { clock, refresh } = bench
  refresh.prove()
  await clock.advance(1000)
  const proof = refresh.state.live
  assert.equal(proof?.origin, 'proof')
  assert.ok(proof)
  const other = (password: string, issuedAt: number, expiresAt: number) => ({
    ...proof,
    origin: undefined,
    token: { ...proof.token, password, issuedAt, expiresAt },
  })
  const now = clock.now()
  refresh.adopt(other('expired', now + 1, now) as never)
  assert.equal(refresh.state.live?.token.password, 'p1')
  refresh.adopt(other('older', now - 30 * MINUTE, now + 30 * MINUTE) as never)
  assert.equal(refresh.state.live?.token.password, 'older')
})

test('H5 a copy that was not written yet never replaces the newer credential that this replica got as the leader', async () => {
  const bench = openRefresh({ random: 0 })
  const { clock, refresh } = bench
  refresh.start()
  await clock.advance(1000)
  const { live } = refresh.state
  assert.ok(live)
  const copy = (issuedAt: number) => ({ ...live, token: { ...live.token, password: `of ${issuedAt}`, issuedAt } })
  refresh.adopt(copy(live.token.issuedAt - 1))
  assert.equal(refresh.state.live, live)
  const later = live.token.issuedAt + 1
  refresh.adopt(copy(later))
  assert.equal(refresh.state.live?.token.password, `of ${later}`)
})

test('H5 a credential that is older than what a Secret holds is replaced at once, one request for it and then the usual pauses', async () => {
  const bench = openRefresh({ random: 0 })
  const { clock, refresh, calls } = bench
  refresh.prove()
  await clock.advance(1000)
  assert.equal(calls.length, 1)
  // Before the start: it is not forgotten.
  refresh.replaceOlder()
  bench.answers.unshift(new NopassError('CLOUD_UNAVAILABLE', 'down'))
  refresh.start()
  for (let time = 0; time < 5; time++) {
    refresh.replaceOlder()
    await clock.advance(10)
  }
  assert.equal(calls.length, 2)
  await clock.advance(2 * MINUTE)
  const { live } = refresh.state
  assert.deepEqual([live?.origin, calls.length], [undefined, 3])
  refresh.replaceOlder()
  await clock.advance(1000)
  assert.equal(calls.length, 3)
})

test('H3 the entry of an earlier configuration is kept until there is a credential, and is not a live one', async () => {
  const bench = openRefresh()
  bench.answers.splice(0, 1, new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
  const token = { username: 'u', password: 'before', issuedAt: 0, expiresAt: 1, domains: ['a.example.com'] }
  bench.refresh.keep({ name: 'prod', fingerprint: 'other', token, refreshAt: 0 })
  bench.refresh.start()
  await bench.clock.advance(MINUTE)
  assert.deepEqual([bench.refresh.state.live, bench.refresh.state.kept?.token.password], [undefined, 'before'])
  bench.answers.splice(0, 1, 60 * MINUTE)
  await bench.clock.advance(2 * MINUTE)
  assert.deepEqual([bench.refresh.state.live?.token.password, bench.refresh.state.kept], ['p1', undefined])
})

test('H3 of the entries of an earlier configuration an older one in the own copy does not replace the one from before the reload', async () => {
  const before = openRefresh()
  before.refresh.start()
  await before.clock.advance(1000)
  const { state } = before.refresh
  const { live } = state
  assert.ok(live)
  // The registry is another one by now.
  const { refresh } = openRefresh({ initial: { ...state, fingerprint: 'other' } })
  const copy = (issuedAt: number) => ({ ...live, token: { ...live.token, password: `of ${issuedAt}`, issuedAt } })
  const { issuedAt } = live.token
  refresh.keep(copy(issuedAt - 1))
  assert.equal(refresh.state.kept?.token.password, live.token.password)
  refresh.keep(copy(issuedAt + 1))
  assert.equal(refresh.state.kept?.token.password, `of ${issuedAt + 1}`)
})

test('H3 a registry that is configured as before again keeps its newest credential, also where the own copy has an older one', async () => {
  const before = openRefresh()
  before.refresh.start()
  await before.clock.advance(1000)
  const { state } = before.refresh
  const { live } = state
  assert.ok(live)
  // The registry was another one for a while, and nothing could be written to the own copy.
  const typo = openRefresh({
    initial: { ...state, fingerprint: 'other', live: undefined, kept: { ...live, origin: 'kept' } },
  })
  const copy = (password: string, issuedAt: number) => ({ ...live, token: { ...live.token, password, issuedAt } })
  typo.refresh.adopt(copy('older', live.token.issuedAt - 1))
  assert.deepEqual(typo.refresh.state.live, { ...live, origin: 'restored' })
  assert.deepEqual([typo.refresh.state.kept, typo.tokens.length], [undefined, 1])
  typo.refresh.adopt(copy('newer', live.token.issuedAt + 1))
  assert.equal(typo.refresh.state.live?.token.password, 'newer')
})

test('H3 the entry of another registry, however new, does not keep the credential of the present one out', async () => {
  const before = openRefresh()
  before.refresh.start()
  await before.clock.advance(1000)
  const { state } = before.refresh
  const { live } = state
  assert.ok(live)
  const { refresh } = openRefresh({
    initial: { ...state, fingerprint: 'other', live: { ...live, fingerprint: 'other' } },
  })
  refresh.adopt({ ...live, token: { ...live.token, password: 'present', issuedAt: live.token.issuedAt - 1 } })
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.kept], ['present', undefined])
})
