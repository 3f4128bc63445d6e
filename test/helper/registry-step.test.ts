import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { registryShape } from '../../src/acr/registry-config.ts'
import type { RegistryToken } from '../../src/acr/registry-token.ts'
import { NopassError } from '../../src/errors.ts'
import {
  type Credential,
  errorSince,
  hasExpired,
  initialState,
  NEVER,
  type RefreshReason,
  type RegistryEntry,
  type RegistryState,
  type RegistryValues,
  sameLogin,
  type Verification,
  type Work,
} from '../../src/helper/credentials/registry-state.ts'
import {
  type Moment,
  nextTick,
  type RegistryEffect,
  type RegistryEvent,
  step,
} from '../../src/helper/credentials/registry-step.ts'

const MINUTE = 60_000
const SHAPE = registryShape({} as RegistryValues)
const entryOf = (key: string): RegistryEntry =>
  ({ name: 'a', values: {}, source: { key, sharedSession: false } }) as RegistryEntry

const life = fc.constantFrom(null, 0, 5_000, MINUTE, 60 * MINUTE, 12 * 60 * MINUTE)
const verdict = fc.constantFrom<Verification | undefined>(
  'accepted',
  'accepted',
  'refused',
  'unreachable',
  'skipped',
  undefined,
)
/** The next event: a response to the request in flight, some time, or an event from outside. */
const action = fc.oneof(
  fc.record({ do: fc.constant('respond' as const), life, verdict, fails: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 500, 5_000, 2 * MINUTE, 40 * MINUTE) }),
  fc.record({ do: fc.constant('tick' as const) }),
  fc.record({ do: fc.constantFrom('prove', 'lead', 'force', 'doubt', 'ask', 'join', 'found', 'reload') }),
  fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(-3_600_000, -1_000, 1_000, 3_600_000) }),
)

test('in any order of events, at most one request is in flight, and only an unexpired credential replaces an unexpired one', () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 80 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (actions, random) => {
        let [cloud, monotonic, serial, keys] = [1_800_000_000_000, 1_000, 0, 1]
        let entry = entryOf('fp-1')
        let state = initialState(entry, undefined)
        let inFlight: Extract<RegistryEffect, { do: 'request' }> | undefined
        const checks = new Set<RegistryToken>()
        let announced = 0
        const tokenOf = (ms: number | null): RegistryToken => {
          serial += 1
          const expiresAt = ms === null ? null : cloud + ms
          return { username: 'u', password: `p${serial}`, issuedAt: cloud, expiresAt, domains: ['a.example.com'] }
        }
        const send = (event: RegistryEvent): void => {
          const before = state
          const at = { cloud, monotonic, random, entry, verifyIntervalMs: 5 * MINUTE }
          const { state: after, effects } = step(before, event, at)
          state = after
          for (const effect of effects) {
            if (effect.do === 'request') {
              assert.equal(inFlight, undefined, 'a second request')
              inFlight = effect
            } else if (effect.do === 'check') checks.add(effect.token)
            else if (effect.do === 'announce') announced += 1
            else if (effect.do === 'answered') announced -= 1
          }
          judge(before, after, event, effects)
        }
        const judge = (
          before: RegistryState,
          after: RegistryState,
          event: RegistryEvent,
          effects: readonly RegistryEffect[],
        ): void => {
          assert.ok(!(after.live && after.kept), 'one credential is in use')
          assert.ok(announced === 0 || announced === 1, `${announced} announced`)
          if (after.work.at === 'rest')
            assert.equal(inFlight === undefined || event.type === 'token' || event.type === 'failure', true)
          const [old, now] = [before.live ?? before.kept, after.live ?? after.kept]
          if (old) assert.ok(now, 'a credential was lost')
          const isChanged = old !== undefined && now !== undefined && !sameLogin(old.token, now.token)
          // A credential that was just accepted can expire only by a change of the clock.
          if (isChanged && after.live && hasExpired(now.token, cloud))
            assert.ok(hasExpired(old.token, cloud) || before.kept)
          // A follower distributes nothing. A leader distributes only credentials that changed.
          const distributes = effects.some((effect) => effect.do === 'distribute')
          if (distributes) assert.ok(after.role === 'leader' && after.isFresh)
          if (distributes && old) assert.ok(isChanged || before.kept)
          // A resting leader waits for a time.
          if (after.role === 'leader' && after.work.at === 'rest') assert.notEqual(after.due, undefined)
          if (after.role === 'leader') assert.notEqual(nextTick(after, { cloud, monotonic }), NEVER)
        }
        const found = (): Credential => ({
          name: 'a',
          fingerprint: serial % 3 === 0 ? 'fp-0' : state.fingerprint,
          shape: SHAPE,
          token: tokenOf(30 * MINUTE),
          refreshAt: cloud + 20 * MINUTE,
        })
        for (const one of actions) {
          if (one.do === 'wait') {
            cloud += one.ms
            monotonic += one.ms
          } else if (one.do === 'clock') cloud += one.ms
          else if (one.do === 'tick') {
            const wait = nextTick(state, { cloud, monotonic })
            if (wait !== NEVER) {
              cloud += wait
              monotonic += wait
              send({ type: 'tick' })
            }
          } else if (one.do === 'respond') {
            const [token] = checks
            if (token !== undefined) {
              checks.delete(token)
              send({ type: 'verdict', token, verdict: one.verdict })
            } else if (inFlight !== undefined) {
              inFlight = undefined
              if (one.fails) send({ type: 'failure', error: new NopassError('CLOUD_UNAVAILABLE', 'down') })
              else send({ type: 'token', token: tokenOf(one.life) })
            }
          } else if (one.do === 'reload') {
            keys += 1
            entry = entryOf(`fp-${keys % 2}`)
            const { live, kept, role } = state
            state = initialState(entry, state)
            inFlight = undefined
            checks.clear()
            announced = 0
            assert.deepEqual(state.live ?? state.kept, live ?? kept, 'a reload keeps the credential')
            if (role === 'leader') send({ type: 'lead', found: live ?? kept })
          } else if (one.do === 'lead') {
            if (state.role !== 'leader') send({ type: 'lead', found: serial % 2 === 0 ? undefined : found() })
          } else if (one.do === 'found') {
            if (state.role === 'leader') send({ type: 'found', found: found() })
          } else if (one.do === 'ask') send({ type: 'ask', noticedAt: monotonic })
          else send({ type: one.do as 'force' })
        }
      },
    ),
    { numRuns: 3_000 },
  )
})

test('a person’s request is handled only by a call that was sent later', () => {
  const entry = entryOf('fp-1')
  const at = (monotonic: number) => ({ cloud: 1e12 + monotonic, monotonic, random: 0.5, entry, verifyIntervalMs: 0 })
  const token = (issuedAt: number): RegistryToken => {
    return { username: 'u', password: `p${issuedAt}`, issuedAt, expiresAt: issuedAt + 60 * MINUTE, domains: ['a'] }
  }
  const run = (events: readonly (readonly [number, RegistryEvent])[]): RegistryState =>
    events.reduce((state, [ms, event]) => step(state, event, at(ms)).state, initialState(entry, undefined))
  const first = token(1e12)
  const before = [
    [0, { type: 'lead', found: undefined }],
    [0, { type: 'tick' }],
    [500, { type: 'ask', noticedAt: 500 }],
    [900, { type: 'token', token: first }],
    [901, { type: 'verdict', token: first, verdict: 'accepted' }],
  ] as const
  assert.deepEqual([run(before).pending, run(before).forced], [true, true])
  const second = token(1e12 + 1_000)
  const after = [
    ...before,
    [1_000, { type: 'tick' }],
    [1_200, { type: 'token', token: second }],
    [1_201, { type: 'verdict', token: second, verdict: 'accepted' }],
  ] as const
  assert.deepEqual([run(after).pending, run(after).live?.token.password], [false, second.password])
})

test('a credential that expires while it is checked does not replace one that another leader got meanwhile', () => {
  const entry = entryOf('fp-1')
  const at = (ms: number) => ({ cloud: 1e12 + ms, monotonic: ms, random: 0.5, entry, verifyIntervalMs: 0 })
  const token = (password: string, life: number): RegistryToken => {
    return { username: 'u', password, issuedAt: 1e12, expiresAt: 1e12 + life, domains: ['a'] }
  }
  const [short, long] = [token('short', MINUTE), token('long', 60 * MINUTE)]
  const found = { name: 'a', fingerprint: 'fp-1', shape: SHAPE, token: long, refreshAt: 1e12 + 40 * MINUTE }
  const events: readonly (readonly [number, RegistryEvent])[] = [
    [0, { type: 'lead', found: undefined }],
    [0, { type: 'tick' }],
    [0, { type: 'token', token: short }],
    [2 * MINUTE, { type: 'found', found }],
    [2 * MINUTE, { type: 'verdict', token: short, verdict: 'accepted' }],
  ]
  const state = events.reduce((now, [ms, event]) => step(now, event, at(ms)).state, initialState(entry, undefined))
  assert.equal(state.live?.token, long)
  assert.equal(state.error?.code, 'CLOUD_UNAVAILABLE')
})

test('a grant counts only for the credential that was asked about', () => {
  const entry = entryOf('fp-1')
  const at = { cloud: 1_800_000_000_000, monotonic: 1_000, random: 0.5, entry, verifyIntervalMs: 5 * MINUTE }
  const tokenOf = (password: string): RegistryToken => {
    const { cloud } = at
    return { username: 'u', password, issuedAt: cloud, expiresAt: cloud + 60 * MINUTE, domains: ['a.example.com'] }
  }
  const granted = { grant: 'granted', detail: 'HTTP 404' } as const
  const run = (state: RegistryState, ...events: readonly RegistryEvent[]): RegistryState =>
    events.reduce((last, event) => step(last, event, at).state, state)
  const ask = (token: RegistryToken, verdict: Verification, pull?: typeof granted): readonly RegistryEvent[] => [
    { type: 'tick' },
    { type: 'token', token },
    { type: 'verdict', token, verdict, ...(pull && { pull }) },
  ]
  const [first, second] = [tokenOf('first'), tokenOf('second')]
  const logged = { name: 'a', fingerprint: 'fp-1', shape: SHAPE, token: second, refreshAt: at.cloud + 20 * MINUTE }
  const start = initialState(entry, undefined)
  // The credential comes from another replica, after this replica proved the configuration with its
  // own token.
  const proven = run(start, { type: 'prove' }, ...ask(first, 'accepted', granted))
  assert.equal(run(proven, { type: 'lead', found: logged }).granted, undefined)
  const proving = run(start, { type: 'prove' }, { type: 'tick' }, { type: 'lead', found: logged })
  assert.equal(run(proving, ...ask(first, 'accepted', granted)).granted, undefined)
  const leading = run(start, { type: 'lead', found: undefined }, ...ask(first, 'accepted', granted))
  assert.deepEqual([leading.live?.token, leading.granted], [first, granted])
  assert.equal(run(leading, { type: 'found', found: logged }).granted, undefined)
  // The registry refused the login with the next credential, so the pull was not checked.
  at.monotonic += MINUTE
  const next = run({ ...leading, verified: 'skipped' }, { type: 'force' }, ...ask(second, 'refused'))
  assert.deepEqual([next.live?.token, next.granted], [second, undefined])
  // A new credential that cannot be used does not change what is known about the credential in use.
  const unknown = { grant: 'unknown', detail: 'HTTP 500' } as const
  const late = { ...second, expiresAt: at.cloud + 1 }
  const asked = run(leading, { type: 'force' }, { type: 'tick' }, { type: 'token', token: late })
  at.cloud += MINUTE
  const expired = run(asked, { type: 'verdict', token: late, verdict: 'accepted', pull: unknown })
  assert.deepEqual([expired.live?.token, expired.granted], [first, granted])
})

const at = {
  ...{ cloud: 1_800_000_000_000, monotonic: 10_000, random: 0.5, verifyIntervalMs: 5 * MINUTE },
  entry: entryOf('fp-1'),
}
const tokenOf = (password: string, expiresAt: number | null = at.cloud + 60 * MINUTE): RegistryToken => {
  return { username: 'u', password, issuedAt: at.cloud - MINUTE, expiresAt, domains: ['a.example.com'] }
}
const credential = (token: RegistryToken, fingerprint = 'fp-1'): Credential => {
  return { name: 'a', fingerprint, shape: SHAPE, token, refreshAt: token.expiresAt && token.expiresAt - 20 * MINUTE }
}
const [P1, P2] = [tokenOf('p1'), tokenOf('p2')]
const EXPIRED = tokenOf('expired', at.cloud)
const FILES = tokenOf('files', null)
const DOWN: RegistryEvent = { type: 'failure', error: new NopassError('CLOUD_UNAVAILABLE', 'down') }
const follower = (more: Partial<RegistryState> = {}): RegistryState => {
  return { ...initialState(at.entry, undefined), startedAt: 9_000, ...more }
}
/** A leader with the credential `P1`. */
const leader = (more: Partial<RegistryState> = {}): RegistryState =>
  follower({ role: 'leader', live: credential(P1), due: { cloud: at.cloud + MINUTE, monotonic: NEVER }, ...more })
const requesting = (reason: RefreshReason): Work => ({ at: 'request', use: 'credential', reason })
const checking = (token: RegistryToken): Work => ({ ...requesting('due'), at: 'check', token }) as Work
/** A leader with the credential of an earlier configuration, whose successor it requests. */
const earlier = (token: RegistryToken): RegistryState =>
  leader({ live: undefined, kept: credential(token, 'fp-0'), work: { at: 'earlier request' } })

const UNCHANGED: readonly (readonly [string, RegistryState, RegistryEvent])[] = [
  ['a leader proves nothing', leader({ live: undefined }), { type: 'prove' }],
  ['a second demand for a proof does not hurry the first', follower({ role: 'prover' }), { type: 'prove' }],
  [
    'a follower with a credential from before a reload proves nothing',
    follower({ live: credential(P1) }),
    { type: 'prove' },
  ],
  ['a follower replaces nothing together with another registry', follower({ live: credential(P1) }), { type: 'join' }],
  ['a failing registry keeps its pause when another one is replaced', leader({ failures: 1 }), { type: 'join' }],
  ['what is requested already is not requested again', leader({ work: requesting('due') }), { type: 'join' }],
  ['a credential of this leader is not doubted', leader({ isFresh: true }), { type: 'doubt' }],
  ['a doubt does not hurry a request that was asked for', leader({ forced: true }), { type: 'doubt' }],
  ['a doubt does not hurry the retry of a failing registry', leader({ failures: 1 }), { type: 'doubt' }],
  ['a token that nobody waits for is not used', leader(), { type: 'token', token: P2 }],
  ['a failure that nobody waits for is not counted', leader(), DOWN],
  ['a demand is met by the request in flight', leader({ work: requesting('due') }), { type: 'force' }],
  ['a demand waits for the answer of an earlier configuration', earlier(P1), { type: 'force' }],
  [
    'a verdict on a credential that was given up changes nothing',
    leader({ work: checking(P2) }),
    { type: 'verdict', token: tokenOf('given up'), verdict: 'refused' },
  ],
]

for (const [title, state, event] of UNCHANGED)
  test(title, () => assert.deepEqual(step(state, event, at), { state, effects: [] }))

/** A time that is due at the moment of each case. */
const NOW = { cloud: at.cloud, monotonic: at.monotonic }
const TICK: RegistryEvent = { type: 'tick' }
const verdictOn = (token: RegistryToken, verdict: Verification, grant?: 'denied'): RegistryEvent => {
  return { type: 'verdict', token, verdict, ...(grant && { pull: { grant, detail: 'HTTP 403' } }) }
}
const REFUSED = credential(P1)
const REFUSAL = errorSince(undefined, new NopassError('REGISTRY_LOGIN_REFUSED', 'no'), at.cloud)
/** A token with a lifetime of an hour, of which these minutes have passed. */
const used = (minutes: number): RegistryToken => {
  const issuedAt = at.cloud - minutes * MINUTE
  return { ...tokenOf('held back', issuedAt + 60 * MINUTE), issuedAt }
}
/** A leader that has only this credential of an earlier configuration, and waits for another. */
const waiting = (token: RegistryToken, by: string): RegistryState =>
  leader({ live: undefined, kept: credential(token, 'fp-0'), by: entryOf(by), work: requesting('due') })
const DUE = tokenOf('due', at.cloud + 20 * MINUTE)
const coalesced = (token: RegistryToken): Work => ({ ...checking(token), reason: 'coalesced' }) as Work

const LIMITED = { width: 'limited', reason: 'HTTP 401' } as const
const MEASURED: Partial<Moment> = { entry: { ...at.entry, measure: async () => LIMITED } }

const CASES: readonly (readonly [
  title: string,
  state: RegistryState,
  event: RegistryEvent,
  effects: readonly string[],
  after: Partial<RegistryState>,
  moment?: Partial<Moment>,
])[] = [
  [
    'a follower is proven at once',
    follower(),
    { type: 'prove' },
    [],
    { role: 'prover', due: { cloud: at.cloud, monotonic: at.monotonic } },
  ],
  [
    'a failed refresh together with another registry is not reported, and pauses for a second',
    leader({ work: requesting('coalesced') }),
    DOWN,
    ['answered'],
    { failures: 0, error: undefined, live: credential(P1), notBefore: 10_000 },
  ],
  [
    'a static login in use that the registry refuses stays, and counts as failing while its files have no other',
    leader({ live: credential(FILES), verified: 'refused', work: requesting('due') }),
    { type: 'token', token: { ...FILES, issuedAt: at.cloud } },
    ['report failed REGISTRY_LOGIN_REFUSED', 'answered'],
    { failures: 1, live: credential(FILES), heldBack: undefined },
  ],
  [
    'a refused credential with an end that the cloud gives once more is used further',
    leader({ verified: 'refused', work: requesting('due') }),
    { type: 'token', token: P1 },
    ['report refused REGISTRY_LOGIN_REFUSED', 'answered'],
    { failures: 0, verified: 'refused' },
  ],
  [
    'the successor of an earlier configuration’s credential is checked first',
    earlier(P1),
    { type: 'token', token: P2 },
    ['check earlier p2'],
    { kept: credential(P1, 'fp-0'), work: { at: 'earlier check', token: P2 } },
  ],
  [
    'the successor of an earlier configuration’s credential that has expired is used at once',
    earlier(EXPIRED),
    { type: 'token', token: P2 },
    ['distribute', 'answered'],
    { kept: { ...credential(P2, 'fp-0'), refreshAt: P2.issuedAt + 0.65 * 61 * MINUTE }, urgent: true, isFresh: true },
  ],
  [
    'a credential of the log from the future shows that the clock is behind, so that the cloud is called at once',
    follower(),
    { type: 'lead', found: credential({ ...P2, issuedAt: at.cloud + MINUTE + 1 }) },
    [],
    { role: 'leader', due: NOW },
  ],
  [
    'a minute of difference between two clocks does not show that',
    follower(),
    { type: 'lead', found: credential({ ...P2, issuedAt: at.cloud + MINUTE }) },
    [],
    { role: 'leader', due: { cloud: at.cloud + 40 * MINUTE, monotonic: NEVER } },
  ],
  [
    'a new credential that was asked for before this replica leads is requested when it leads',
    follower({ live: credential(P1), forced: true }),
    { type: 'lead', found: undefined },
    [],
    { forced: true, due: NOW },
  ],
  [
    'a credential of the log for other domains is replaced at once',
    follower(),
    { type: 'lead', found: { ...credential(P1), shape: 'other' } },
    [],
    { forced: true, due: NOW },
  ],
  [
    'of two expired credentials that of the log is used',
    leader({ live: credential(EXPIRED) }),
    { type: 'found', found: credential(tokenOf('logged', at.cloud)) },
    ['report unchanged'],
    { live: credential(tokenOf('logged', at.cloud)) },
  ],
  [
    'a refused credential in use is checked again after half a minute, then after longer pauses',
    leader({ live: REFUSED, refused: REFUSED, verified: 'refused', recheckAt: 10_000, rechecks: 1 }),
    TICK,
    ['check p1'],
    { recheckAt: 10_000 + 60_000 * 1.25, rechecks: 2 },
  ],
  [
    'a refused credential that was accepted since is not checked again',
    leader({ live: REFUSED, refused: REFUSED, verified: 'accepted', recheckAt: 10_000, rechecks: 1 }),
    TICK,
    [],
    { recheckAt: NEVER, rechecks: 1 },
  ],
  [
    'the successor of a refused credential is not checked in its place',
    leader({ live: credential(P2), refused: REFUSED, verified: 'skipped', recheckAt: 10_000 }),
    TICK,
    [],
    { recheckAt: NEVER },
  ],
  [
    'the login in use is checked regularly',
    leader({ checkAt: 10_000 }),
    TICK,
    ['check p1'],
    { checkAt: 10_000 + 5 * MINUTE },
  ],
  [
    'a login that has expired is not checked',
    leader({ live: credential(EXPIRED), checkAt: 10_000 }),
    TICK,
    [],
    { checkAt: 10_000 + 5 * MINUTE },
  ],
  [
    'the login in use is not checked while a new one is requested',
    leader({ work: requesting('due'), checkAt: 10_000 }),
    TICK,
    [],
    { work: requesting('due') },
  ],
  [
    'a retry checks the credential that was held back again',
    leader({ due: NOW, failures: 1, heldBack: used(35) }),
    TICK,
    ['announce retried', 'check held back'],
    { startedAt: 10_000 },
  ],
  [
    'a retry requests a new credential in place of one that was held back until it was due itself',
    leader({ due: NOW, failures: 1, heldBack: used(36) }),
    TICK,
    ['announce retried', 'request'],
    { work: requesting('retried') },
  ],
  [
    'an accepted login ends the report of its refusal',
    leader({ verified: 'refused', error: REFUSAL }),
    verdictOn(P1, 'accepted'),
    ['report unchanged'],
    { verified: 'accepted', error: undefined },
  ],
  [
    'an accepted login does not hide that its successor was refused',
    leader({ verified: 'refused', error: REFUSAL, failures: 1 }),
    verdictOn(P1, 'accepted'),
    ['report unchanged'],
    { verified: 'accepted', error: REFUSAL },
  ],
  [
    'the successor of a refused credential is urgent',
    leader({ verified: 'refused', work: checking(P2) }),
    verdictOn(P2, 'accepted'),
    ['report refreshed', 'distribute', 'answered'],
    { urgent: true },
  ],
  [
    'a credential that was held back until it expired is no help in an outage',
    leader({ heldBack: EXPIRED, work: requesting('due') }),
    DOWN,
    ['report failed CLOUD_UNAVAILABLE', 'answered'],
    { live: credential(P1), failures: 1 },
  ],
  [
    'a credential that was held back replaces one that is about to expire, and is due in its usual time',
    leader({ verified: 'skipped', heldBack: P2, work: requesting('forced') }),
    DOWN,
    ['report refused REGISTRY_LOGIN_REFUSED', 'distribute', 'answered'],
    { live: { ...credential(P2), refreshAt: P2.issuedAt + 0.65 * 61 * MINUTE }, heldBack: undefined, failures: 0 },
  ],
  [
    'while the current configuration fails, the earlier one is asked for the successor of its credential',
    waiting(DUE, 'fp-0'),
    DOWN,
    ['report failed CLOUD_UNAVAILABLE', 'request earlier'],
    { work: { at: 'earlier request' } },
  ],
  [
    'an earlier configuration is not asked before its credential is due',
    waiting(P1, 'fp-0'),
    DOWN,
    ['report failed CLOUD_UNAVAILABLE', 'answered'],
    { work: { at: 'rest' } },
  ],
  [
    'a configuration is not asked for the successor of another one’s credential',
    waiting(DUE, 'fp-1'),
    DOWN,
    ['report failed CLOUD_UNAVAILABLE', 'answered'],
    { work: { at: 'rest' } },
  ],
  [
    'a refused successor of an earlier configuration’s credential is not used',
    { ...earlier(P1), work: { at: 'earlier check', token: P2 } },
    verdictOn(P2, 'refused'),
    ['answered'],
    { kept: credential(P1, 'fp-0') },
  ],
  [
    'a successor of an earlier configuration’s credential that may not pull its list is not used',
    { ...earlier(P1), work: { at: 'earlier check', token: P2 } },
    verdictOn(P2, 'accepted', 'denied'),
    ['answered'],
    { kept: credential(P1, 'fp-0') },
  ],
  [
    'a credential that may not pull its list is reported, and asked for again after five minutes',
    leader({ work: checking(P2) }),
    verdictOn(P2, 'accepted', 'denied'),
    ['report failed LIMIT_NOT_ACCEPTED', 'answered'],
    { live: credential(P1), failures: 1, due: { cloud: at.cloud + 6.25 * MINUTE, monotonic: 10_000 + 6.25 * MINUTE } },
  ],
  [
    'before it is due, a credential that may not pull its list counts as no failure',
    leader({ work: coalesced(P2) }),
    verdictOn(P2, 'accepted', 'denied'),
    ['answered'],
    { live: credential(P1), failures: 0 },
  ],
  [
    'before it is due, a credential that expires while it is checked counts as no failure',
    leader({ work: coalesced(EXPIRED) }),
    verdictOn(EXPIRED, 'accepted'),
    ['answered'],
    { live: credential(P1), failures: 0 },
  ],
  [
    'before it is due, a refused credential is held back, and counts as no failure',
    leader({ verified: 'accepted', work: coalesced(P2) }),
    verdictOn(P2, 'refused'),
    ['answered'],
    { live: credential(P1), failures: 0, heldBack: P2 },
  ],
  [
    'a refused static login is not held back, because its files are read again',
    leader({ live: undefined, work: checking(FILES) }),
    verdictOn(FILES, 'refused'),
    ['report failed REGISTRY_LOGIN_REFUSED', 'answered'],
    { live: undefined, failures: 1, heldBack: undefined },
  ],
  [
    'an accepted credential ends everything that was known of the failures before it',
    leader({
      ...{ failures: 3, error: REFUSAL, triedAt: 5, heldBack: EXPIRED, rechecks: 4, recheckAt: 7, revoked: true },
      ...{ isFresh: false, isProven: false, by: entryOf('fp-0'), verified: 'accepted', work: checking(P2) },
    }),
    verdictOn(P2, 'accepted'),
    ['report refreshed', 'distribute', 'answered'],
    {
      live: { ...credential(P2), refreshAt: P2.issuedAt + 0.65 * 61 * MINUTE },
      ...{ failures: 0, error: undefined, triedAt: undefined, heldBack: undefined, rechecks: 0, recheckAt: NEVER },
      ...{ revoked: false, isFresh: true, isProven: true, by: at.entry, urgent: false, pending: false },
      due: { cloud: P2.issuedAt + 0.65 * 61 * MINUTE, monotonic: NEVER },
    },
  ],
  [
    'a credential that a person asked for is due at any time of its lifetime, because many clusters may be asked at once',
    leader({ work: { ...requesting('forced'), at: 'check', token: P2 } as Work }),
    verdictOn(P2, 'accepted'),
    ['report refreshed', 'distribute', 'answered'],
    { live: { ...credential(P2), refreshAt: P2.issuedAt + 0.4 * 61 * MINUTE } },
  ],
  [
    'the successor of an earlier configuration’s credential that has expired is urgent',
    leader({ live: undefined, kept: credential(EXPIRED, 'fp-0'), work: checking(P2) }),
    verdictOn(P2, 'accepted'),
    ['report refreshed', 'distribute', 'answered'],
    { kept: undefined, urgent: true },
  ],
  [
    'the first credential is not urgent',
    leader({ live: undefined, verified: 'refused', work: checking(P2) }),
    verdictOn(P2, 'accepted'),
    ['report refreshed', 'distribute', 'answered'],
    { urgent: false },
  ],
  [
    'a proof ends with a follower that has no credential and no failure',
    follower({ role: 'prover', failures: 2, error: REFUSAL, work: { ...checking(P2), use: 'proof' } as Work }),
    verdictOn(P2, 'accepted'),
    ['report proven', 'answered'],
    { role: 'follower', isProven: true, failures: 0, error: undefined, live: undefined },
  ],
  [
    'a proof counts although the registry was not asked',
    follower({ role: 'prover', work: { ...checking(P2), use: 'proof' } as Work }),
    { type: 'verdict', token: P2, verdict: undefined },
    ['report proven', 'answered'],
    { isProven: true, verified: 'skipped' },
  ],
  [
    'a failed request for an earlier configuration’s credential is no failure of the registry',
    earlier(P1),
    DOWN,
    ['answered'],
    { failures: 0, error: undefined, kept: credential(P1, 'fp-0'), work: { at: 'rest' } },
  ],
  [
    'the same credential of an earlier configuration once more is not distributed again',
    earlier(EXPIRED),
    { type: 'token', token: { ...EXPIRED, issuedAt: at.cloud, expiresAt: at.cloud + MINUTE } },
    ['answered'],
    { kept: credential(EXPIRED, 'fp-0') },
  ],
  [
    'an expired successor of an earlier configuration’s credential is not used',
    earlier(P1),
    { type: 'token', token: EXPIRED },
    ['answered'],
    { kept: credential(P1, 'fp-0') },
  ],
  [
    'a credential of the log takes nothing over that was known about the one before it',
    leader({
      ...{ verified: 'refused', granted: { grant: 'granted', detail: '' }, revoked: true, refused: credential(P1) },
      ...{ isFresh: true, by: entryOf('fp-0') },
    }),
    { type: 'found', found: credential(P2) },
    ['report unchanged'],
    {
      live: credential(P2),
      ...{ verified: 'skipped', granted: undefined, revoked: false, refused: undefined, isFresh: false, by: at.entry },
      due: { cloud: at.cloud + 40 * MINUTE, monotonic: NEVER },
    },
  ],
  [
    'a credential of the log ends the use of an earlier configuration’s one',
    leader({ live: undefined, kept: credential(P1, 'fp-0') }),
    { type: 'found', found: credential(P2) },
    ['report unchanged'],
    { live: credential(P2), kept: undefined },
  ],
  [
    'a failing registry keeps its retry when another leader logged a credential',
    leader({ failures: 1, due: NOW }),
    { type: 'found', found: credential(P2) },
    ['report unchanged'],
    { live: credential(P2), due: NOW },
  ],
  [
    'a credential of another configuration in the log replaces none of the present configuration',
    leader({ isFresh: true }),
    { type: 'found', found: credential(P2, 'fp-0') },
    ['report unchanged'],
    { live: credential(P1), kept: undefined, isFresh: true },
  ],
  [
    'a credential of another configuration in the log is used while the present configuration has none',
    leader({ live: undefined, isFresh: true }),
    { type: 'found', found: credential(P2, 'fp-0') },
    ['report unchanged'],
    { live: undefined, kept: credential(P2, 'fp-0'), isFresh: false },
  ],
  [
    'the first check of a login in use is at a random time, so that many helpers do not log in together',
    follower(),
    { type: 'lead', found: credential(P1) },
    [],
    { checkAt: 10_000 + 2.5 * MINUTE },
  ],
  [
    'without an interval no login in use is checked',
    follower(),
    { type: 'lead', found: credential(P1) },
    [],
    { checkAt: NEVER },
    { verifyIntervalMs: 0 },
  ],
  [
    'a registry that failed before a reload keeps its pause',
    follower({ live: credential(P1), failures: 1, due: { cloud: at.cloud + 7, monotonic: 10_007 } }),
    { type: 'lead', found: credential(P1) },
    [],
    { due: { cloud: at.cloud + 7, monotonic: 10_007 }, forced: false },
  ],
  [
    'a registry that failed before this replica leads is called again after a pause',
    follower({ live: credential(P1), failures: 1 }),
    { type: 'lead', found: undefined },
    [],
    { due: { cloud: at.cloud + 1_250, monotonic: 11_250 }, forced: false },
  ],
  [
    'a refused credential in use is checked again after ten minutes at the latest, and a random time',
    leader({ live: REFUSED, refused: REFUSED, verified: 'refused', recheckAt: 10_000, rechecks: 40 }),
    TICK,
    ['check p1'],
    { recheckAt: 10_000 + 12.5 * MINUTE, rechecks: 41 },
  ],
  [
    'a login in use that is refused is reported once, and replaced at once',
    leader({ verified: 'accepted' }),
    verdictOn(P1, 'refused'),
    ['report revoked'],
    { live: credential(P1), refused: credential(P1), revoked: true, forced: true, due: NOW },
  ],
  [
    'the replacement of a refused credential that is refused too is not replaced again',
    leader({ live: REFUSED, refused: REFUSED, verified: 'accepted' }),
    verdictOn(P1, 'refused'),
    ['report unchanged'],
    { verified: 'refused', revoked: false, forced: false },
  ],
  [
    'a check that could not be made says nothing about the login in use',
    leader({ verified: 'accepted' }),
    { type: 'verdict', token: P1, verdict: undefined },
    [],
    { verified: 'accepted' },
  ],
  [
    'a registry that does not respond to a check is reported, and its login stays',
    leader({ verified: 'refused', error: REFUSAL }),
    verdictOn(P1, 'unreachable'),
    ['report unchanged'],
    { verified: 'unreachable', error: REFUSAL },
  ],
  [
    'a credential of the log that is overdue is replaced at once',
    follower(),
    { type: 'lead', found: { ...credential(P1), refreshAt: at.cloud - 1 } },
    [],
    { due: NOW, forced: false },
  ],
  [
    'a credential from before a reload keeps its schedule, if the log has none',
    follower({ live: credential(P1) }),
    { type: 'lead', found: undefined },
    [],
    { due: { cloud: at.cloud + 40 * MINUTE, monotonic: NEVER }, live: credential(P1) },
  ],
  [
    'a proof in flight gives the credential of a leader that has none',
    follower({ role: 'prover', work: { at: 'request', use: 'proof', reason: 'due' } }),
    { type: 'lead', found: undefined },
    [],
    { work: requesting('due') },
  ],
  [
    'a proof in flight is no credential of a leader that has one',
    follower({ role: 'prover', work: { at: 'request', use: 'proof', reason: 'due' } }),
    { type: 'lead', found: credential(P1) },
    [],
    { work: { at: 'request', use: 'proof', reason: 'due' } },
  ],
  [
    'a demand waits until a second has passed since the last request',
    leader({ startedAt: 9_800 }),
    { type: 'force' },
    [],
    { forced: true, due: { cloud: at.cloud + 800, monotonic: 10_800 } },
  ],
  [
    'a credential that is due is requested',
    leader({ due: NOW }),
    TICK,
    ['announce due', 'request'],
    { startedAt: 10_000 },
  ],
  [
    'a demand is met by the next request',
    leader({ due: NOW, forced: true, failures: 1 }),
    TICK,
    ['announce forced', 'request'],
    { forced: false, work: requesting('forced') },
  ],
  [
    'a regular check does not bring the check of a refused credential forward',
    leader({ live: REFUSED, refused: REFUSED, verified: 'refused', checkAt: 10_000, recheckAt: 50_000, rechecks: 1 }),
    TICK,
    ['check p1'],
    { recheckAt: 50_000, rechecks: 1 },
  ],
  [
    'the accepted successor of an earlier configuration’s credential is used, and due in its usual time',
    { ...earlier(P1), work: { at: 'earlier check', token: P2 } },
    verdictOn(P2, 'accepted'),
    ['distribute', 'answered'],
    { kept: { ...credential(P2, 'fp-0'), refreshAt: P2.issuedAt + 0.65 * 61 * MINUTE }, urgent: false },
  ],
  [
    'the same credential once more keeps what is known of its rights',
    leader({ granted: { grant: 'granted', detail: 'HTTP 404' }, work: requesting('due') }),
    { type: 'token', token: P1 },
    ['report unchanged', 'answered'],
    {
      granted: { grant: 'granted', detail: 'HTTP 404' },
      live: { ...credential(P1), refreshAt: P1.issuedAt + 0.65 * 61 * MINUTE },
    },
  ],
  [
    'between two checks of a refused credential in use it is not checked',
    leader({ live: REFUSED, refused: REFUSED, verified: 'refused', recheckAt: 50_000 }),
    TICK,
    [],
    { recheckAt: 50_000 },
  ],
  [
    'a demand requests a new credential in place of one that was held back',
    leader({ due: NOW, forced: true, heldBack: used(35) }),
    TICK,
    ['announce forced', 'request'],
    { work: requesting('forced') },
  ],
  [
    'an accepted login does not end the report of another failure',
    leader({ verified: 'refused', error: { ...REFUSAL, code: 'CLOUD_UNAVAILABLE' } }),
    verdictOn(P1, 'accepted'),
    ['report unchanged'],
    { verified: 'accepted', error: { ...REFUSAL, code: 'CLOUD_UNAVAILABLE' } },
  ],
  [
    'a follower asks no earlier configuration for a credential',
    follower({
      kept: credential(DUE, 'fp-0'),
      by: entryOf('fp-0'),
      work: { at: 'request', use: 'proof', reason: 'due' },
    }),
    DOWN,
    ['report failed CLOUD_UNAVAILABLE', 'answered'],
    { work: { at: 'rest' } },
  ],
  [
    'an earlier configuration that fails too is not asked again at once',
    leader({ live: undefined, kept: credential(DUE, 'fp-0'), by: entryOf('fp-0'), work: { at: 'earlier request' } }),
    DOWN,
    ['answered'],
    { work: { at: 'rest' } },
  ],
  [
    'a static login of an earlier configuration is never due',
    waiting(FILES, 'fp-0'),
    DOWN,
    ['report failed CLOUD_UNAVAILABLE', 'answered'],
    { work: { at: 'rest' } },
  ],
  [
    'an answer about the width keeps the time and the list of its question',
    leader({ measured: { at: 5, turn: 3 } }),
    { type: 'measured', answer: LIMITED },
    ['report width'],
    { measured: { at: 5, turn: 3, answer: LIMITED } },
  ],
  [
    'the first limited credential is measured',
    leader({ work: checking(P2) }),
    { type: 'verdict', token: P2, verdict: 'accepted' },
    ['report refreshed', 'distribute', 'measure p2 0', 'answered'],
    { measured: { at: 10_000, turn: 0 } },
    MEASURED,
  ],
  [
    'a limited credential of the same hour is not measured',
    leader({ work: checking(P2), measured: { at: 10_001 - 60 * MINUTE, turn: 3 } }),
    { type: 'verdict', token: P2, verdict: 'accepted' },
    ['report refreshed', 'distribute', 'answered'],
    { measured: { at: 10_001 - 60 * MINUTE, turn: 3 } },
    MEASURED,
  ],
  [
    'after an hour a limited credential is measured by the next list, and the last answer stays until then',
    leader({ work: checking(P2), measured: { at: 10_000 - 60 * MINUTE, turn: 3, answer: LIMITED } }),
    { type: 'verdict', token: P2, verdict: 'accepted' },
    ['report refreshed', 'distribute', 'measure p2 4', 'answered'],
    { measured: { at: 10_000, turn: 4, answer: LIMITED } },
    MEASURED,
  ],
  [
    'a credential that is not limited is not measured',
    leader({ work: checking(P2) }),
    { type: 'verdict', token: P2, verdict: 'accepted' },
    ['report refreshed', 'distribute', 'answered'],
    { measured: undefined, verified: 'accepted' },
  ],
]

const describe = (effect: RegistryEffect): string =>
  [
    effect.do,
    'kind' in effect && effect.kind,
    'from' in effect && effect.from === 'earlier' && 'earlier',
    'reason' in effect && effect.reason,
    'error' in effect && (effect.error as NopassError).code,
    'token' in effect && effect.token.password,
    'turn' in effect && effect.turn,
  ]
    .filter((word) => word !== false)
    .join(' ')

test('a registry waits for its next request or check, at most a minute, and a follower for nothing', () => {
  const wait = (state: RegistryState): number => nextTick(state, at)
  const inMs = (ms: number): RegistryState['due'] => ({ cloud: at.cloud + ms, monotonic: at.monotonic + ms })
  const rest = { due: inMs(9_000), checkAt: 10_000 + 5_000 }
  assert.deepEqual([wait(follower(rest)), wait(follower({ ...rest, role: 'prover' }))], [NEVER, 9_000])
  assert.deepEqual([wait(leader(rest)), wait(leader({ ...rest, recheckAt: 10_000 + 4_000 }))], [5_000, 4_000])
  assert.equal(wait(leader({ ...rest, due: inMs(100), work: requesting('due') })), 5_000)
  assert.deepEqual([wait(leader({ due: inMs(61_000) })), wait(leader({ due: inMs(-5) }))], [MINUTE, 0])
  assert.equal(wait(leader({ due: inMs(-5), notBefore: 10_000 + 500 })), 500)
  // Whichever clock comes first, because the cloud's clock may be corrected.
  const [early, late] = [at.cloud + 1_000, at.cloud + 3_000]
  assert.equal(wait(leader({ due: { cloud: early, monotonic: 10_000 + 2_000 } })), 1_000)
  assert.equal(wait(leader({ due: { cloud: late, monotonic: 10_000 + 2_000 } })), 2_000)
  assert.equal(wait(leader({ due: undefined })), NEVER)
})

test('the error of each failure names the registry, and what is wrong with its credential', () => {
  const errorOf = (state: RegistryState, event: RegistryEvent): string | undefined =>
    step(state, event, at).state.error?.message
  assert.deepEqual(
    [
      errorOf(leader({ work: requesting('due') }), { type: 'token', token: EXPIRED }),
      errorOf(leader({ work: checking(P2) }), verdictOn(P2, 'accepted', 'denied')),
      errorOf(leader({ live: undefined, work: checking(P2) }), verdictOn(P2, 'refused')),
    ],
    [
      'the token service issued a credential for registry a that has already expired or has no valid expiry',
      'the registry does not let the new credential a pull its own list: HTTP 403',
      'registry a refused a login with the credential',
    ],
  )
})

for (const [title, state, event, effects, expected, moment] of CASES) {
  test(title, () => {
    const { state: after, effects: done } = step(state, event, { ...at, ...moment })
    const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, after[key as keyof RegistryState]]))
    assert.deepEqual([done.map(describe), seen], [effects, expected])
  })
}
