import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildOwnGroup } from '../../src/helper/credentials/credential-groups.ts'
import type { PlannedAction } from '../../src/helper/plan/actions.ts'
import { plan, planKey } from '../../src/helper/plan/plan.ts'
import {
  account,
  config,
  context,
  decide,
  type Fixture,
  group,
  LOG,
  live,
  NOW,
  namespace,
  OPTIONS,
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
const shop = (view: Parameters<typeof secret>[1] = {}, content = current) => ({ shop: secret(content, view) })
const optedOut = [namespace('shop', { optedOut: true })]
const empty = group()

/** A note with these numbers, for the helper's own copy that the helper knows. */
const note = (...numbers: readonly string[]): string => `${LOG} ${numbers.join()}`
const keeps = (more: object = { until: MINUTE }): object => ({ kind: 'wait', reason: 'last-good', ...more })

const CASES: readonly (readonly [string, Fixture, object])[] = [
  ['a namespace without the Secret gets it, on condition that it does not exist', {}, write('missing', 'prod', false)],
  ['a Secret with the current content is left alone', { secrets: shop() }, { kind: 'current' }],
  [
    'a Secret whose expiry another client removed is not written, because its content is current',
    { secrets: shop({ expiresAt: undefined }) },
    { kind: 'current' },
  ],
  [
    'a Secret whose expiry another client removed gets a newer credential like any other',
    { secrets: shop({ hash: 'old', expiresAt: undefined }) },
    write('rotated'),
  ],
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
    'P2 an entry that the log lost stays in the Secret until the first of its credentials ends',
    { config: two, tokens: [prod], secrets: shop({}, group(prod, legacy)) },
    keeps(),
  ],
  [
    'P2 an entry that the log lost stays although another registry has a new credential',
    { config: two, tokens: [live('prod', 'next', { number: 6 })], secrets: shop({}, group(prod, legacy)) },
    keeps(),
  ],
  [
    'once the first credential of a Secret has ended, what the log lost is given up for the others',
    { config: two, tokens: [prod], secrets: shop({ expiresAt: NOW }, group(prod, legacy)) },
    write('shrunk'),
  ],
  [
    'by a clock that may be ahead nothing has ended',
    {
      config: two,
      tokens: [live('prod', 'next', { number: 6 })],
      secrets: shop({}, group(prod, legacy)),
      cloudNow: NOW + 2 * HOUR,
      cloudAtLeast: NOW,
    },
    keeps(),
  ],
  [
    'P12 entries of registries that are no longer configured are removed at once',
    { config: two, tokens: [prod, legacy], secrets: shop({}, group(prod, legacy, live('gone'))) },
    write('shrunk', 'prod,legacy'),
  ],
  [
    'a credential of ours that has expired replaces nothing that has not',
    { tokens: [live('prod', 'new', { expiresAt: NOW, number: 6 })], secrets: shop() },
    keeps(),
  ],
  [
    'of two expired credentials that of the log is written',
    { tokens: [live('prod', 'new', { expiresAt: NOW, number: 6 })], secrets: shop({ expiresAt: NOW }) },
    write('rotated'),
  ],
  [
    'a Secret without a note, as an earlier version wrote it, is written once',
    { secrets: shop({ note: '' }) },
    write('rotated'),
  ],
  [
    'a Secret with the content of the log and a note of another own copy is written once',
    { secrets: shop({ note: 'uid-before prod=9' }) },
    write('rotated'),
  ],
  [
    'a lower number is replaced by that of the log',
    { tokens: [live('prod', 'next', { number: 6 })], secrets: shop() },
    write('rotated'),
  ],
  [
    "before a higher number is replaced, the helper's own copy is read",
    { secrets: shop({ hash: 'other', note: note('prod=6') }) },
    keeps({ until: MINUTE, ask: 'log' }),
  ],
  [
    "a higher number is replaced if the helper's own copy, which was read since, is really lower",
    { secrets: shop({ hash: 'other', note: note('prod=6') }), logRead: '7' },
    write('rotated'),
  ],
  [
    "the helper's own copy is read at most once a minute for a namespace",
    { secrets: shop({ hash: 'other', note: note('prod=6') }), logRead: 40_000 },
    keeps({ until: 40_000 }),
  ],
  [
    'a minute later it is read again for that namespace',
    { secrets: shop({ hash: 'other', note: note('prod=6') }), logRead: 40_000, now: 40_000 },
    keeps({ until: 40_000 + MINUTE, ask: 'log' }),
  ],
  [
    'one higher number of several is enough to read it',
    {
      config: two,
      tokens: [prod, legacy],
      secrets: shop({ hash: 'other', note: note('legacy=5', 'prod=6') }, group(prod, legacy)),
    },
    keeps({ until: MINUTE, ask: 'log' }),
  ],
  [
    'a higher number of another own copy says nothing',
    { secrets: shop({ hash: 'other', note: 'uid-before prod=6' }) },
    write('rotated'),
  ],
  [
    'a number that is no safe integer is no note',
    { secrets: shop({ hash: 'other', note: note('prod=9007199254740993') }) },
    write('rotated'),
  ],
  [
    'what another leader could not log stays, and a new credential is requested',
    { secrets: shop({ hash: 'other', note: note('prod=unlogged') }) },
    keeps({ until: MINUTE, ask: { renew: ['prod'] } }),
  ],
  [
    'what another leader could not log stays while its registry fails',
    { secrets: shop({ hash: 'other', note: note('prod=unlogged') }), failing: ['prod'] },
    keeps(),
  ],
  [
    'a new credential is requested for what could not be logged, although another one of the Secret and of the log has expired',
    {
      config: two,
      tokens: [live('prod', 'old', { expiresAt: NOW }), legacy],
      secrets: shop({ hash: 'other', note: note('legacy=unlogged', 'prod=5'), expiresAt: NOW }, group(prod, legacy)),
    },
    keeps({ until: 2_000, ask: { renew: ['legacy'] } }),
  ],
  [
    'what another leader could not log is replaced by a credential that this leader got',
    { secrets: shop({ hash: 'other', note: note('prod=unlogged') }), fresh: ['prod'] },
    write('rotated'),
  ],
  [
    'a Secret whose first credential ends in half a minute is planned again then',
    {
      tokens: [live('prod', 'new', { expiresAt: NOW })],
      secrets: shop({ hash: 'other', expiresAt: NOW + MINUTE / 2 }),
    },
    keeps({ until: MINUTE / 2 }),
  ],
  [
    'once a credential that another leader could not log has ended, and its registry fails, that of the log replaces it',
    { secrets: shop({ hash: 'other', note: note('prod=unlogged'), expiresAt: NOW }), failing: ['prod'] },
    write('rotated'),
  ],
  [
    'what could not be logged is replaced by itself with its number, once it is in the log',
    { secrets: shop({ note: note('prod=unlogged') }), fresh: ['prod'] },
    write('rotated'),
  ],
  [
    'the same content gets the note of the log at once, whoever could not log it',
    { secrets: shop({ note: note('prod=unlogged') }) },
    write('rotated'),
  ],
  [
    'a new credential waits until it is in the log',
    { log: { pending: new Map([['prod', live('prod', 'next')]]) }, secrets: shop() },
    { kind: 'current' },
  ],
  [
    'while the log cannot be written, a new credential is in force without it',
    { log: { pending: new Map([['prod', live('prod', 'next')]]), isStuck: true }, fresh: ['prod'], secrets: shop() },
    write('rotated'),
  ],
  [
    'a credential replaces the previous one even if it has a shorter lifetime',
    {
      tokens: [live('prod', 'new', { expiresAt: NOW + 1000, number: 6 })],
      secrets: shop({}, group(live('prod', 'old'))),
    },
    write('rotated'),
  ],
  [
    'a Secret that was lost three times in ten minutes is left alone for a minute',
    { losses: [0, 10, 20], now: 30_000 },
    { kind: 'wait', reason: 'conflict', until: 60_020 },
  ],
  [
    'losses count by the time since then, however long the process runs',
    { losses: [7_000_000, 7_000_010, 7_000_020], now: 7_030_000 },
    { kind: 'wait', reason: 'conflict', until: 7_060_020 },
  ],
  [
    'a loss of ten minutes ago does not count any more',
    { losses: [0, 590_000, 599_000], now: 600_000 },
    write('missing', 'prod', false),
  ],
  [
    'a Secret that was lost three times is written again after the minute',
    { losses: [0, 10, 20], now: 60_020 },
    write('missing', 'prod', false),
  ],
  [
    'a Secret that cannot be read is not written',
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
    'P12 an emptied Secret that another client filled again is emptied again',
    { namespaces: optedOut, secrets: shop({ intact: false }, empty) },
    write('tampered', ''),
  ],
  [
    "P12 another client's Secret is not emptied",
    { namespaces: optedOut, secrets: shop({ ours: false }) },
    { kind: 'skip', reason: 'opted-out' },
  ],
  ['P12 retire empties every Secret', { config: config({ retire: true }), secrets: shop() }, write('shrunk', '')],
]

for (const [title, fixture, expected] of CASES) test(title, () => assert.deepEqual(decide(fixture), expected))

/** The helper's own copy. This replica knows its version 3. */
const own = (fixture: Fixture): PlannedAction | undefined =>
  planKey(context({ namespaces: [namespace('home')], ...fixture }), { namespace: 'home' })
const ownGroup = buildOwnGroup([prod], 5, OPTIONS)
const ownWrite = (reason: string, more: object = {}): object => ({
  ...write(reason, '(own)'),
  namespace: 'home',
  precondition: { uid: LOG, resourceVersion: '3' },
  ...more,
})
const pending = { pending: new Map([['prod', live('prod', 'next')]]) }

const OWN_CASES: readonly (readonly [string, Fixture, object])[] = [
  ['the log is left alone if nothing is to be logged', { secrets: { home: secret(ownGroup) } }, { kind: 'current' }],
  [
    'the log is replaced only at the version at which this replica knows it, whatever a watch says',
    { secrets: { home: secret(ownGroup) }, log: pending },
    ownWrite('rotated'),
  ],
  [
    'a log that is not known is read before it is written',
    { secrets: { home: secret(ownGroup) }, log: { ...pending, copy: 'unread' } },
    { kind: 'wait', reason: 'log-unread', ask: 'log' },
  ],
  [
    'a log that does not exist is created',
    { log: { ...pending, copy: 'absent' } },
    ownWrite('missing', { by: 'apply', precondition: undefined }),
  ],
  [
    'a log that was deleted is created as a whole, although the watch does not know of the deletion yet',
    { secrets: { home: secret(ownGroup) }, log: { ...pending, copy: 'absent' } },
    ownWrite('rotated', { by: 'apply', precondition: undefined }),
  ],
  [
    'a log that another client changed is repaired',
    { secrets: { home: secret(ownGroup, { intact: false }) } },
    ownWrite('tampered', { by: 'apply' }),
  ],
  [
    "another client's Secret in the place of the log is left alone",
    { secrets: { home: secret(ownGroup, { ours: false }) }, log: pending },
    { kind: 'skip', reason: 'foreign-secret' },
  ],
  ['an empty log is not written', { tokens: [] }, { kind: 'wait', reason: 'no-credential' }],
  [
    'a retired log is emptied last',
    {
      config: config({ retire: true }),
      namespaces: [namespace('home'), namespace('shop')],
      secrets: { home: secret(ownGroup), shop: secret(current) },
    },
    { kind: 'wait', reason: 'detaching', until: 2_000 },
  ],
  [
    'a retired log keeps its highest number, and waits for no Secret of another client',
    {
      config: config({ retire: true }),
      namespaces: [
        ...['home', 'shop', 'shut', 'theirs'].map((name) => namespace(name)),
        namespace('gone', { terminating: true }),
      ],
      secrets: {
        ...{ home: secret(ownGroup), shop: secret(empty), gone: secret(current), shut: secret(current) },
        theirs: secret(current, { ours: false }),
      },
      unreadable: 'shut',
    },
    { ...write('shrunk', '(empty own)'), namespace: 'home' },
  ],
]

for (const [title, fixture, expected] of OWN_CASES) test(title, () => assert.deepEqual(own(fixture), expected))

test('the Secret is emptied only after the helper’s references were removed', () => {
  const fixture = { config: config({ retire: true }), secrets: shop() }
  const ours = account(['acr-nopass'], { owner: owner('acr-nopass') })
  assert.deepEqual(decide({ ...fixture, accounts: [ours] }), { kind: 'wait', reason: 'detaching' })
  const theirs = account(['acr-nopass'], { owner: owner('kubectl') })
  assert.deepEqual(decide({ ...fixture, accounts: [theirs] }), write('shrunk', ''))
})

test('a reference in a ServiceAccount that the helper may no longer change stays, and the Secret is emptied anyway', () => {
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
  const decision = planKey(made, { namespace: 'home' })
  assert.deepEqual([decision?.kind, decision?.kind === 'writeSecret' && decision.group], ['writeSecret', '(own)'])
  assert.equal(decide(fixture)?.kind, 'skip')
  assert.deepEqual(made.groups.own()?.registries, ['prod'])
})

test('the whole plan contains each Secret and each ServiceAccount once', () => {
  const accounts = [account([]), account(['acr-nopass'], { name: 'builder' }), account([], { namespace: 'gone' })]
  const all = [...plan(context({ accounts }))]
  assert.ok(all.every(({ key }) => key.namespace === 'shop'))
  const kinds = all.map(({ key, decision }) => [key.serviceAccount ?? '', decision.kind])
  assert.deepEqual(kinds, [
    ['', 'writeSecret'],
    ['default', 'attach'],
    ['builder', 'current'],
  ])
})
