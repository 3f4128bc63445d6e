import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveToken } from '../../src/helper/credentials/registry-state.ts'
import type { PlannedAction, WriteSecret } from '../../src/helper/plan/actions.ts'
import { plan, planKey } from '../../src/helper/plan/plan.ts'
import {
  account,
  config,
  context,
  decide,
  type Fixture,
  group,
  live,
  NOW,
  namespace,
  owner,
  secret,
} from './plan-fixtures.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

const two = config({
  registries: [
    { name: 'prod', edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou' },
    { name: 'legacy', edition: 'static', domains: ['legacy.example.com'], existingSecret: 'login' },
  ],
})
const [prod, legacy] = [live('prod'), live('legacy')]
const current = group(prod)
/** The reasons for which a known Secret is written completely. */
const WHOLE = new Set(['relabelled', 'tampered', 'adopted'])
const write = (reason: string, key = 'prod', known = true): PlannedAction =>
  ({
    kind: 'writeSecret',
    namespace: 'shop',
    group: key,
    by: known && !WHOLE.has(reason) ? 'patch' : 'apply',
    precondition: known ? { uid: 'uid-secret', resourceVersion: '7' } : undefined,
    reason,
  }) as PlannedAction
/** A write that keeps these entries of the Secret. */
const carry = (names: readonly string[], key: string, more: Partial<WriteSecret> = {}) => {
  const { carry: _, ...decision } = { ...(write('rotated', key) as WriteSecret), ...more }
  return { ...decision, carry: names }
}
const shop = (view: Parameters<typeof secret>[1] = {}, content = current) => ({ shop: secret(content, view) })
const optedOut = [namespace('shop', { optedOut: true })]
const empty = group()

const both = config({
  registries: ['prod', 'other'].map((name) => ({
    name,
    edition: 'enterprise',
    instanceId: `cri-${name}`,
    region: 'cn-hangzhou',
  })),
})
/** A credential of the second registry, which expires first. */
const late = live('other', 'one', { expiresAt: NOW + 10 * MINUTE })
const older = (origin: LiveToken['origin']): LiveToken => ({
  ...live('prod', 'old', { issuedAt: NOW - MINUTE, expiresAt: NOW + 59 * MINUTE }),
  ...(origin && { origin }),
})
const next = live('other', 'next', { issuedAt: NOW + 1 })
const newer = (view: Parameters<typeof secret>[1] = {}) =>
  shop({ expiresAt: NOW + 10 * MINUTE, ...view }, group(late, live('prod', 'new')))

const CASES: readonly (readonly [string, Fixture, object])[] = [
  ['a namespace without the Secret gets it, on condition that it does not exist', {}, write('missing', 'prod', false)],
  ['a Secret with the current content is left alone', { secrets: shop() }, { kind: 'current' }],
  [
    'a Secret that names a registry as it was named before is written again, although the login is the same',
    { secrets: shop({ registries: ['former'] }) },
    write('shrunk'),
  ],
  [
    'other content is replaced, on condition that the object has not changed',
    { secrets: shop({ hash: 'old' }) },
    write('rotated'),
  ],
  [
    'changed data is restored even if the annotations are correct',
    { secrets: shop({ intact: false }) },
    write('tampered'),
  ],
  ['a missing label of the values is added', { secrets: shop({ labelled: false }) }, write('relabelled')],
  [
    "another client's Secret is left alone",
    { secrets: shop({ ours: false, otherManager: 'argocd' }) },
    { kind: 'skip', reason: 'foreign-secret', manager: 'argocd' },
  ],
  [
    "another client's Secret is taken over if configured",
    { config: config({ adopt: true }), secrets: shop({ ours: false }) },
    write('adopted'),
  ],
  ['P2 without any credential nothing is written', { tokens: [] }, { kind: 'wait', reason: 'no-credential' }],
  [
    "P2 without any credential the helper's Secret is unchanged",
    { tokens: [], secrets: shop() },
    { kind: 'wait', reason: 'last-good' },
  ],
  [
    'P2 a registry whose credential is unknown is never removed from a Secret',
    { config: two, tokens: [prod], secrets: shop({}, group(prod, legacy)) },
    { kind: 'wait', reason: 'last-good' },
  ],
  [
    "P2 a registry whose credential is unknown causes no further reads, even if the cloud's times are not whole milliseconds",
    {
      config: two,
      tokens: [live('prod', 'prod-password', { issuedAt: NOW + 0.25 })],
      secrets: shop({}, group(prod, legacy)),
    },
    { kind: 'wait', reason: 'last-good' },
  ],
  [
    'P2 a registry whose credential is unknown does not delay the others: its entry in the Secret is kept',
    { config: two, tokens: [live('prod', 'next', { issuedAt: NOW + 1 })], secrets: shop({}, group(prod, legacy)) },
    carry(['legacy'], 'prod'),
  ],
  [
    'P2 the entry of a registry whose credential is unknown is kept even if it has expired, or a label is missing',
    { config: two, tokens: [prod], secrets: shop({ expiresAt: NOW, labelled: false }, group(prod, legacy)) },
    carry(['legacy'], 'prod', { by: 'apply', reason: 'relabelled' }),
  ],
  [
    'P12 entries of registries that are no longer configured are not kept',
    { config: two, tokens: [prod], secrets: shop({}, group(prod, legacy, live('gone'))) },
    carry(['legacy'], 'prod', { reason: 'shrunk' }),
  ],
  [
    'H3 if a Secret of version 0.1.0 does not name the registries of its logins, the others wait until the first of them expires',
    { config: two, tokens: [prod], secrets: shop({ noted: false }, group(prod, legacy)) },
    { kind: 'wait', reason: 'last-good', until: HOUR },
  ],
  [
    'H3 once the first login of a Secret of version 0.1.0 has expired, the others wait no longer',
    { config: two, tokens: [prod], secrets: shop({ expiresAt: NOW, noted: false }, group(prod, legacy)) },
    write('shrunk'),
  ],
  [
    'H5 an expired credential does not replace a live one',
    { tokens: [live('prod', 'old', { expiresAt: NOW })], secrets: shop({}, group(live('prod', 'new'))) },
    { kind: 'wait', reason: 'last-good' },
  ],
  [
    'H5 a credential that was read back or only verifies access does not replace a newer one, even if another registry expires first in both',
    { tokens: [older('proof'), late], secrets: newer(), config: both },
    { kind: 'current', newer: ['prod'], until: 10 * MINUTE },
  ],
  [
    'H5 a credential that was read back does not replace a newer one, even if the labels differ from the configuration',
    { tokens: [older('restored'), late], secrets: newer({ labelled: false }), config: both },
    carry(['prod'], 'prod,other', { by: 'apply', reason: 'relabelled', newer: ['prod'] }),
  ],
  [
    'H5 a new credential of another registry is added beside the newer one at any time',
    { tokens: [older('restored'), next], secrets: newer(), config: both, cloudNow: NOW + 9 * MINUTE },
    carry(['prod'], 'prod,other', { newer: ['prod'] }),
  ],
  [
    'H5 a new credential of another registry is added beside the newer one, even when the first of them expires',
    { tokens: [older('restored'), next], secrets: newer(), config: both, cloudNow: NOW + 10 * MINUTE },
    carry(['prod'], 'prod,other', { newer: ['prod'] }),
  ],
  [
    "H5 when the newer one expires, the Secret is read, because the helper's may expire later",
    { tokens: [older('restored'), late], secrets: newer(), config: both, cloudNow: NOW + 10 * MINUTE },
    carry(['other', 'prod'], 'prod,other', { newer: ['prod'] }),
  ],
  [
    'H5 if a clock that is hours ahead makes both seem expired, the cloud is called first',
    { tokens: [older('restored'), late], secrets: newer(), config: both, cloudNow: NOW + 2 * HOUR },
    { kind: 'wait', reason: 'last-good', newer: ['prod'] },
  ],
  [
    'H5 an older credential is replaced by the one that was read back',
    { tokens: [{ ...live('prod'), origin: 'restored' }], secrets: shop({ hash: 'old', issuedAt: [NOW - 1] }) },
    write('rotated'),
  ],
  [
    'H5 a credential that verifies access is not newer than one of another replica from the same second, because clocks differ',
    { tokens: [{ ...live('prod'), origin: 'proof' }], secrets: shop({ hash: 'other', issuedAt: [NOW - 1500] }) },
    { kind: 'current', newer: ['prod'] },
  ],
  [
    'H5 a credential that this replica got as the leader does not replace a newer one of another legitimate leader',
    { tokens: [older(undefined), late], secrets: newer(), config: both },
    { kind: 'current', newer: ['prod'], until: 10 * MINUTE },
  ],
  [
    'H5 the older entry of an earlier configuration does not replace a newer one either, and delays no other registry',
    { tokens: [older('kept'), next], secrets: newer(), config: both },
    carry(['prod'], 'prod,other', { newer: ['prod'] }),
  ],
  [
    'H5 if a Secret of version 0.1.0 does not name the registries of its logins, the others wait until the first of them expires',
    { tokens: [older('kept'), next], secrets: newer({ noted: false }), config: both },
    { kind: 'current', newer: ['prod'], until: 10 * MINUTE },
  ],
  [
    'H5 once the first login of a Secret of version 0.1.0 has expired, the others wait no longer',
    { tokens: [older('kept'), next], secrets: newer({ noted: false }), config: both, cloudNow: NOW + 10 * MINUTE },
    write('rotated', 'prod,other'),
  ],
  [
    'H5 an older entry in the Secret is replaced immediately',
    { tokens: [prod], secrets: shop({ expiresAt: undefined, issuedAt: [NOW - 1] }, group(live('prod', 'old'))) },
    write('rotated'),
  ],
  [
    'H5 a credential with a future issue time is replaced: the clock was wrong, and the one that this replica got as the leader is newer',
    { tokens: [older(undefined), late], secrets: newer({ issuedAt: [NOW, NOW + MINUTE] }), config: both },
    write('rotated', 'prod,other'),
  ],
  [
    'a credential replaces the previous one even if it has a shorter lifetime',
    { tokens: [live('prod', 'new', { expiresAt: NOW + 1000 })], secrets: shop({}, group(live('prod', 'old'))) },
    write('rotated'),
  ],
  [
    'M1 a Secret that was lost three times in ten minutes is left alone for a minute',
    { losses: [0, 10, 20], now: 30_000 },
    { kind: 'wait', reason: 'conflict', until: 60_020 },
  ],
  [
    'M1 a Secret that was lost three times is written again after the minute',
    { losses: [0, 10, 20], now: 60_020 },
    write('missing', 'prod', false),
  ],
  [
    'H4 a Secret that cannot be read is not written',
    { unreadable: true },
    { kind: 'wait', reason: 'unreadable', until: 30_000 },
  ],
  [
    'P2 a registry without a credential does not delay the others',
    { config: two, tokens: [prod] },
    write('missing', 'prod', false),
  ],
  [
    'P2 a Secret that another client broke is repaired with the available credentials',
    { config: two, tokens: [prod], secrets: shop({ intact: false }, group(prod, legacy)) },
    write('tampered'),
  ],
  [
    'a second registry joins the Secret',
    { config: two, tokens: [prod, legacy], secrets: shop() },
    write('rotated', 'prod,legacy'),
  ],
  [
    'a registry that is no longer configured is removed from the Secret',
    { tokens: [prod], secrets: shop({}, group(prod, legacy)) },
    write('shrunk'),
  ],
  [
    'a terminating namespace is left alone',
    { namespaces: [namespace('shop', { terminating: true })] },
    { kind: 'skip', reason: 'terminating' },
  ],
  ['an opted-out namespace gets nothing', { namespaces: optedOut }, { kind: 'skip', reason: 'opted-out' }],
  [
    'a namespace outside the targets gets nothing',
    {
      config: config({
        targets: {
          namespaces: { include: ['team-*'], exclude: [], selector: {} },
          serviceAccounts: { include: ['*'], exclude: [] },
        },
      }),
    },
    { kind: 'skip', reason: 'not-targeted' },
  ],
  [
    'P12 a namespace that opts out later gets its Secret emptied in place',
    { namespaces: optedOut, secrets: shop() },
    write('shrunk', ''),
  ],
  ['P12 a Secret that was emptied stays empty', { namespaces: optedOut, secrets: shop({}, empty) }, { kind: 'none' }],
  [
    "P12 another client's Secret is not emptied",
    { namespaces: optedOut, secrets: shop({ ours: false }) },
    { kind: 'skip', reason: 'opted-out' },
  ],
  ['P12 retire empties every Secret', { config: config({ retire: true }), secrets: shop() }, write('shrunk', '')],
]

for (const [title, fixture, expected] of CASES) {
  test(title, () => {
    const decision = decide(fixture)
    const { carry: carried } = decision?.kind === 'writeSecret' ? decision : {}
    assert.deepEqual(carried ? { ...decision, carry: carried.names } : decision, expected)
  })
}

test('P2 a Secret with kept entries is written once, and planned again when the first of its credentials expires', () => {
  const end = NOW + 10 * MINUTE
  const known = [live('prod', 'old', { issuedAt: NOW - MINUTE, expiresAt: NOW + HOUR }), next]
  const fixture: Fixture = { tokens: known.map((token) => ({ ...token, origin: 'restored' })), config: both }
  const there = group(late, live('prod', 'new', { expiresAt: end }))
  const made = context({ ...fixture, secrets: shop({ expiresAt: end }, there) })
  const decision = planKey(made, { namespace: 'shop' })
  assert.equal(decision?.kind, 'writeSecret')
  const { group: key, carry } = decision as WriteSecret
  const base = made.groups.byKey(key)
  assert.ok(carry && base)
  const mixed = made.groups.carryOver('shop', base, carry, there.tokens, NOW)
  assert.deepEqual(
    mixed.tokens.map(({ token }) => token.password),
    ['new', 'next'],
  )
  const after = (cloudNow: number): PlannedAction | undefined =>
    planKey(
      {
        ...context({ ...fixture, secrets: shop({ expiresAt: end, issuedAt: [NOW + 1, NOW] }, mixed), cloudNow }),
        groups: made.groups,
      },
      { namespace: 'shop' },
    )
  assert.deepEqual(after(NOW), { kind: 'current', newer: ['prod'], until: 10 * MINUTE })
  assert.equal(after(end)?.kind, 'writeSecret')
})

test('P2 if two credentials seem expired by a clock that may be ahead, the helper’s replaces the other only if it is newer and expires no earlier', () => {
  const expired = (password: string, issued: number, expires: number): ReturnType<typeof live> =>
    live('prod', password, { issuedAt: NOW - issued * MINUTE, expiresAt: NOW - expires * MINUTE })
  const there = group(expired('there', 60, 5))
  const stays = (ours: ReturnType<typeof live>): string | undefined => {
    const { groups } = context({ tokens: [ours], config: config({}) })
    const base = groups.byKey(groups.of(['prod'])?.key ?? '')
    assert.ok(base)
    const carry = { names: ['prod'], mixture: '' }
    return groups.carryOver('shop', base, carry, there.tokens, NOW).tokens[0]?.token.password
  }
  assert.deepEqual(
    [expired('short', 50, 10), expired('later', 50, 4), expired('equal', 50, 5), expired('older', 70, 1)].map(stays),
    ['there', 'later', 'equal', 'there'],
  )
})

test('the Secret is emptied only after the helper’s references were removed', () => {
  const fixture = { config: config({ retire: true }), secrets: shop() }
  const ours = account(['acr-nopass'], { owner: owner('acr-nopass') })
  assert.deepEqual(decide({ ...fixture, accounts: [ours] }), { kind: 'wait', reason: 'detaching' })
  const theirs = account(['acr-nopass'], { owner: owner('kubectl') })
  assert.deepEqual(decide({ ...fixture, accounts: [theirs] }), write('shrunk', ''))
})

test('a reference in a ServiceAccount that the helper may no longer change stays, and does not keep the Secret from being emptied', () => {
  const builder = account(['acr-nopass'], { name: 'builder', owner: owner('acr-nopass') })
  const fixture = (include: readonly string[], retire = false) => {
    const targets = {
      namespaces: { include: ['*'], exclude: [], selector: {} },
      serviceAccounts: { include, exclude: ['builder'] },
    }
    return { config: config({ targets, retire }), secrets: shop(), accounts: [builder] }
  }
  assert.equal(decide(fixture(['*']), 'builder')?.kind, 'detach')
  for (const include of [['default'], []]) {
    assert.deepEqual(decide(fixture(include), 'builder'), { kind: 'skip', reason: 'left-attached' })
    assert.deepEqual(decide(fixture(include, true)), write('shrunk', ''))
  }
})

test("the helper's own namespace has all registries, although it is not a target", () => {
  const targets = {
    namespaces: { include: ['team-*'], exclude: [], selector: {} },
    serviceAccounts: { include: ['*'], exclude: [] },
  }
  const fixture = { config: config({ targets }), namespaces: [namespace('shop'), namespace('home')] }
  const made = context(fixture)
  assert.deepEqual(planKey(made, { namespace: 'home' }), {
    kind: 'writeSecret',
    namespace: 'home',
    group: 'prod',
    by: 'apply',
    precondition: undefined,
    reason: 'missing',
  })
  assert.equal(decide(fixture)?.kind, 'skip')
  assert.equal(made.groups.of(made.targets.registriesOf(namespace('home')))?.hash, current.hash)
})

test('a plan of everything contains each Secret and each ServiceAccount once', () => {
  const accounts = [account([]), account(['acr-nopass'], { name: 'builder' }), account([], { namespace: 'gone' })]
  const kinds = [...plan(context({ accounts }))].map(({ key, decision }) => [key.serviceAccount ?? '', decision.kind])
  assert.deepEqual(kinds, [
    ['', 'writeSecret'],
    ['default', 'attach'],
    ['builder', 'current'],
  ])
})
