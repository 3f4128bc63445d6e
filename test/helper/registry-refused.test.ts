import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registryShape } from '../../src/acr/registry-config.ts'
import type { RegistryToken } from '../../src/acr/registry-token.ts'
import { NopassError } from '../../src/errors.ts'
import type { Credential, RegistryValues } from '../../src/helper/credentials/registry-state.ts'
import { MINUTE, OUTAGE, openRefresh } from './refresh-fixture.ts'

const passwords = ({ tokens }: ReturnType<typeof openRefresh>) => tokens.map(({ live }) => live?.token.password)

test('a rejected first credential is used, reported and checked again, and the next credential is requested only when due', async () => {
  const fixture = openRefresh({ verifyIntervalMs: 5 * MINUTE })
  const { clock, refresh, calls, events, verdicts } = fixture
  verdicts.splice(0, 1, 'refused')
  refresh.lead()
  await clock.advance(20 * MINUTE)
  assert.deepEqual([calls, passwords(fixture)], [[0], ['p1']])
  assert.deepEqual([refresh.state.verified, refresh.state.error?.code], ['refused', 'REGISTRY_LOGIN_REFUSED'])
  assert.equal(events[0], 'refused')
  assert.ok(!events.includes('revoked') && !events.includes('failed'), events.join())
  // The check was wrong, which the next check shows.
  verdicts.splice(0, 1, 'accepted')
  await clock.advance(3 * MINUTE)
  assert.deepEqual([refresh.state.verified, refresh.state.error, calls.length], ['accepted', undefined, 1])
})

test('checks of a rejected credential cause no additional writes: there is one write per normal period', async () => {
  const fixture = openRefresh({ verifyIntervalMs: 5 * MINUTE })
  const { clock, refresh, calls, verdicts } = fixture
  verdicts.splice(0, 1, 'refused')
  refresh.lead()
  await clock.advance(24 * 60 * MINUTE)
  // Between 60 and 70 % of an hour.
  assert.ok(calls.length >= 36 && calls.length <= 41, `${calls.length} requests in a day`)
  assert.equal(fixture.tokens.length, calls.length)
})

test('a rejected credential is replaced only when it is due, even if some checks cannot be made', async () => {
  const fixture = openRefresh({ verifyIntervalMs: 5 * MINUTE })
  const { clock, refresh, verdicts } = fixture
  verdicts.splice(0, 1, ...Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? 'refused' : 'unreachable')))
  refresh.lead()
  await clock.advance(22 * MINUTE)
  assert.deepEqual(passwords(fixture), ['p1'])
})

test('a rejected new credential is checked again while the old credential is accepted, and replaces it when a tenth of the old one’s lifetime is left', async () => {
  const fixture = openRefresh()
  const { clock, refresh, calls, verdicts } = fixture
  refresh.lead()
  await clock.advance(25 * MINUTE)
  const old = refresh.state.live?.token
  assert.equal(old?.password, 'p2')
  const since = clock.monotonic()
  verdicts.splice(0, 1, 'refused')
  const end = (old?.expiresAt ?? 0) - clock.now()
  await clock.advance(end - 6 * MINUTE - 1000)
  assert.equal(refresh.state.live?.token.password, 'p2')
  assert.equal(refresh.state.error?.code, 'REGISTRY_LOGIN_REFUSED')
  const issued = calls.filter((at) => at > since).length
  assert.equal(issued, 1, 'the same credential must be checked again')
  await clock.advance(2000)
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.verified], ['p3', 'refused'])
  assert.equal(fixture.events.at(-1), 'refused')
  await clock.advance(10 * MINUTE)
  assert.equal(calls.filter((at) => at > since).length, 1)
})

test('if another request fails, a rejected new credential is used before the old credential expires', async () => {
  const fixture = openRefresh()
  const { clock, refresh, responses, verdicts } = fixture
  refresh.lead()
  await clock.advance(25 * MINUTE)
  const end = (refresh.state.live?.token.expiresAt ?? 0) - clock.now()
  verdicts.splice(0, 1, 'refused')
  responses.splice(0, 1, 4 * 60 * MINUTE, OUTAGE)
  await clock.advance(end - 5 * MINUTE)
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.verified], ['p3', 'refused'])
})

for (const [title, verdict, ms] of [
  ['is accepted later', 'accepted', MINUTE],
  ['is used because the old one is about to expire', 'refused', 15 * MINUTE],
] as const) {
  test(`a rejected new credential that ${title} does not handle a request that was made after it was issued`, async () => {
    const fixture = openRefresh()
    const { clock, refresh, responses, verdicts } = fixture
    refresh.lead()
    await clock.advance(25 * MINUTE)
    verdicts.splice(0, 1, 'refused')
    await clock.advance(39 * MINUTE)
    assert.equal(refresh.state.error?.code, 'REGISTRY_LOGIN_REFUSED')
    responses.splice(0, 1, OUTAGE)
    const requestedAt = clock.now()
    refresh.ask(clock.monotonic())
    await clock.advance(1_000)
    verdicts.splice(0, 1, verdict)
    await clock.advance(ms)
    assert.equal(refresh.state.live?.token.password, verdict === 'accepted' ? 'p2' : 'p3')
    responses.splice(0, 1, 60 * MINUTE)
    await clock.advance(2 * MINUTE)
    assert.ok((refresh.state.live?.token.issuedAt ?? 0) > requestedAt, refresh.state.live?.token.password)
  })
}

test('a credential that was never accepted does not block the next credential', async () => {
  for (const verdict of ['skipped', 'unreachable', 'refused'] as const) {
    const fixture = openRefresh()
    fixture.verdicts.splice(0, 1, verdict)
    fixture.refresh.lead()
    await fixture.clock.advance(MINUTE)
    fixture.verdicts.splice(0, 1, 'refused')
    await fixture.clock.advance(24 * MINUTE)
    assert.deepEqual(passwords(fixture), ['p1', 'p2'], verdict)
  }
})

test('the registry is asked about a pull only with a new credential whose login it did not refuse', async () => {
  const asked: string[] = []
  const mayPull = async ({ password }: RegistryToken) => {
    asked.push(password)
    return { grant: 'granted', detail: 'HTTP 404' } as const
  }
  const { clock, refresh, verdicts } = openRefresh({ verifyIntervalMs: 5 * MINUTE, mayPull })
  verdicts.splice(0, 1, 'refused')
  refresh.lead()
  await clock.advance(MINUTE)
  assert.deepEqual([refresh.state.live?.token.password, asked], ['p1', []])
  verdicts.splice(0, 1, 'accepted')
  refresh.force()
  await clock.advance(12 * MINUTE)
  assert.deepEqual([refresh.state.live?.token.password, asked], ['p2', ['p2']])
})

test('P2 with a probe, a login in use that may not pull any more is not accepted; it stays, and one new credential is requested', async () => {
  let grant: 'granted' | 'denied' | 'unknown' = 'granted'
  const mayPull = async () => ({ grant, detail: 'team/app: HTTP 401' })
  const fixture = openRefresh({ verifyIntervalMs: 5 * MINUTE, mayPull, probe: 'team/app' })
  const { clock, refresh, calls } = fixture
  refresh.lead()
  await clock.advance(6 * MINUTE)
  assert.deepEqual([refresh.state.verified, calls.length], ['accepted', 1])
  grant = 'unknown'
  await clock.advance(5 * MINUTE)
  assert.deepEqual([refresh.state.verified, calls.length], ['accepted', 1])
  grant = 'denied'
  await clock.advance(6 * MINUTE)
  assert.deepEqual([refresh.state.verified, refresh.state.live?.token.password], ['refused', 'p1'])
  assert.equal(refresh.state.error?.code, 'LIMIT_NOT_ACCEPTED')
  assert.deepEqual(passwords(fixture), ['p1'])
  grant = 'granted'
  await clock.advance(10 * MINUTE)
  assert.equal(refresh.state.verified, 'accepted')
  assert.equal(refresh.state.error, undefined)
})

test('without a probe, a login in use is checked as any other, and not asked about a pull', async () => {
  let asked = 0
  const mayPull = async () => {
    asked += 1
    return { grant: 'denied', detail: 'an invented name' } as const
  }
  const { clock, refresh, verdicts } = openRefresh({ verifyIntervalMs: 5 * MINUTE, mayPull })
  refresh.lead(logged(clock.now()))
  await clock.advance(3 * MINUTE)
  assert.equal(refresh.state.verified, 'accepted')
  verdicts.splice(0, 1, 'unreachable')
  await clock.advance(5 * MINUTE)
  assert.deepEqual([refresh.state.verified, asked], ['unreachable', 0])
})

test('a check of a new login that cannot be made does not hold the login back', async () => {
  const { clock, refresh, verdicts } = openRefresh()
  verdicts.splice(0, 1, new Error('no socket'))
  refresh.lead()
  await clock.advance(1_000)
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.verified], ['p1', 'skipped'])
})

test('the width of a new limited credential is asked in the background, and an answer that fails changes nothing', async () => {
  const asked: string[] = []
  const measure = async ({ password }: RegistryToken, turn: number) => {
    asked.push(`${password} ${turn}`)
    if (asked.length === 1) throw new Error('no socket')
    return { width: 'limited', reason: 'r' } as const
  }
  const { clock, refresh, widths } = openRefresh({ measure })
  refresh.lead()
  await clock.advance(1_000)
  assert.deepEqual([asked, widths, refresh.state.live?.token.password], [['p1 0'], [], 'p1'])
  await clock.advance(70 * MINUTE)
  assert.deepEqual([asked.length, asked[1]?.slice(-1), widths], [2, '1', ['prod limited']])
  refresh.stop()
})

test('while a changed configuration fails, the successor comes from the configuration before it', async () => {
  const before = openRefresh({ key: 'before' })
  before.refresh.lead()
  await before.clock.advance(MINUTE)
  const { state } = before.refresh
  before.refresh.stop()
  const { clock, refresh, responses, tokens } = openRefresh({ initial: state })
  responses.splice(0, 1, OUTAGE)
  refresh.lead()
  await clock.advance(30 * MINUTE)
  assert.deepEqual([refresh.state.live, refresh.state.kept?.token.password, before.calls.length], [undefined, 'p2', 2])
  assert.equal(tokens.length, 1)
  refresh.stop()
})

test('a static login that is rejected at first is not used until it is accepted', async () => {
  const fixture = openRefresh({ life: null })
  fixture.verdicts.splice(0, 1, 'refused')
  fixture.refresh.lead()
  await fixture.clock.advance(10 * MINUTE)
  assert.deepEqual([fixture.refresh.state.live, fixture.tokens.length], [undefined, 0])
  assert.equal(fixture.refresh.state.error?.code, 'REGISTRY_LOGIN_REFUSED')
  fixture.verdicts.splice(0, 1, 'accepted')
  await fixture.clock.advance(2 * MINUTE)
  assert.equal(fixture.tokens.length, 1)
})

test('a credential that is already expired counts as a failure with the usual back-off, and is never used', async () => {
  for (const life of [0, -5 * MINUTE, 9e15]) {
    const fixture = openRefresh({ life })
    fixture.refresh.lead()
    await fixture.clock.advance(10 * MINUTE)
    assert.deepEqual([fixture.tokens.length, fixture.refresh.state.live], [0, undefined])
    assert.equal(fixture.refresh.state.error?.code, 'CLOUD_UNAVAILABLE')
    assert.ok(fixture.calls.length <= 40, `${fixture.calls.length} requests in ten minutes`)
  }
})

test('however short a credential’s lifetime, there is at most one request per second', async () => {
  const fixture = openRefresh({ life: 20 })
  fixture.refresh.lead()
  await fixture.clock.advance(MINUTE)
  assert.ok(fixture.calls.length <= 61, `${fixture.calls.length} requests in a minute`)
})

test('a static login that is read repeatedly counts as the same login: nothing in the status changes', async () => {
  const fixture = openRefresh({ life: null })
  fixture.refresh.lead()
  await fixture.clock.advance(MINUTE)
  const { due: _first, startedAt: _sent, ...first } = fixture.refresh.state
  await fixture.clock.advance(60 * MINUTE)
  assert.ok(fixture.calls.length > 100)
  const { due: _due, startedAt: _started, ...state } = fixture.refresh.state
  assert.deepEqual(state, first)
})

const of = (live: Credential, password: string, more: Partial<RegistryToken> = {}): Credential => ({
  ...live,
  token: { ...live.token, password, ...more },
})

test('a credential of the log takes precedence, unless it has expired and the present credential has not', async () => {
  const { clock, refresh } = openRefresh({ random: 0 })
  refresh.lead()
  await clock.advance(1000)
  const { live } = refresh.state
  assert.ok(live)
  refresh.found(of(live, 'expired', { expiresAt: clock.now() }))
  assert.deepEqual([refresh.state.live, refresh.state.isFresh], [live, true])
  // The time of issue does not matter.
  refresh.found(of(live, 'logged', { issuedAt: live.token.issuedAt - 30 * MINUTE }))
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.isFresh], ['logged', false])
})

test('if a Secret is ahead of the log, the credential of the log is replaced immediately and once, with the usual pauses', async () => {
  const fixture = openRefresh({ random: 0 })
  const { clock, refresh, calls } = fixture
  refresh.lead(logged(clock.now()))
  fixture.responses.unshift(new NopassError('CLOUD_UNAVAILABLE', 'down'))
  for (let time = 0; time < 5; time++) {
    refresh.doubt()
    await clock.advance(10)
  }
  assert.equal(calls.length, 1)
  await clock.advance(2 * MINUTE)
  assert.deepEqual([refresh.state.isFresh, calls.length], [true, 2])
  refresh.doubt()
  await clock.advance(1000)
  assert.equal(calls.length, 2)
})

test('repeated reports of a Secret that is ahead of the log do not shorten the pauses while the cloud fails', async () => {
  const fixture = openRefresh()
  const { clock, refresh, calls } = fixture
  fixture.responses.unshift(...Array.from({ length: 60 }, () => new NopassError('CLOUD_UNAVAILABLE', 'down')))
  refresh.lead(logged(clock.now()))
  for (let time = 0; time < 300; time += 1) {
    refresh.doubt()
    await clock.advance(100)
  }
  assert.ok(calls.length <= 8, `${calls.length} calls in 30 s`)
})

test('the credential of an earlier configuration stays until the current configuration gives one, but does not count as live', async () => {
  const { clock, refresh, responses } = openRefresh()
  responses.splice(0, 1, new NopassError('CLOUD_NOT_FOUND', 'no such instance'))
  refresh.lead({ ...logged(0), fingerprint: 'other' })
  await clock.advance(MINUTE)
  assert.deepEqual([refresh.state.live, refresh.state.kept?.token.password], [undefined, 'logged'])
  responses.splice(0, 1, 60 * MINUTE)
  await clock.advance(2 * MINUTE)
  assert.deepEqual([refresh.state.live?.token.password, refresh.state.kept], ['p1', undefined])
})

test('a registry whose configuration is restored has its credential again, without a request', async () => {
  const before = openRefresh()
  before.refresh.lead()
  await before.clock.advance(1000)
  const { state } = before.refresh
  const { live } = state
  assert.ok(live)
  const typo = { ...state, fingerprint: 'other', live: undefined, kept: live }
  const { refresh, calls, clock } = openRefresh({ initial: typo })
  assert.deepEqual([refresh.state.live, refresh.state.kept], [undefined, live])
  refresh.lead(live)
  await clock.advance(MINUTE)
  assert.deepEqual([refresh.state.live, refresh.state.kept, calls], [live, undefined, []])
})

/** A credential that an earlier leader wrote into the log. */
function logged(issuedAt: number): Credential {
  const token = {
    username: 'u',
    password: 'logged',
    issuedAt,
    expiresAt: issuedAt + 60 * MINUTE,
    domains: ['a.example.com'],
  }
  const shape = registryShape({} as RegistryValues)
  return { name: 'prod', fingerprint: 'fp', shape, token, refreshAt: issuedAt + 38 * MINUTE }
}
