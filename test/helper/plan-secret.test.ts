import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveToken } from '../../src/helper/credentials/registry-state.ts'
import type { Decision } from '../../src/helper/plan/actions.ts'
import { plan, planKey } from '../../src/helper/plan/plan.ts'
import {
  account,
  config,
  context,
  decide,
  group,
  live,
  NOW,
  namespace,
  owner,
  secret,
  type World,
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
/** What is written whole, though the Secret is known. */
const WHOLE = new Set(['relabelled', 'tampered', 'adopted'])
const write = (reason: string, key = 'prod', known = true): Decision =>
  ({
    kind: 'writeSecret',
    namespace: 'shop',
    group: key,
    by: known && !WHOLE.has(reason) ? 'patch' : 'apply',
    precondition: known ? { uid: 'uid-secret', resourceVersion: '7' } : undefined,
    reason,
  }) as Decision
const shop = (view: Parameters<typeof secret>[1] = {}, content = current) => ({ shop: secret(content, view) })
const opted = [namespace('shop', { optedOut: true })]
const empty = group()

const both = config({
  registries: ['prod', 'other'].map((name) => ({
    name,
    edition: 'enterprise',
    instanceId: `cri-${name}`,
    region: 'cn-hangzhou',
  })),
})
/** Of the second registry: it ends first, in all Secrets. */
const late = live('other', 'one', { expiresAt: NOW + 10 * MINUTE })
const older = (origin: LiveToken['origin']): LiveToken => ({
  ...live('prod', 'old', { issuedAt: NOW - MINUTE, expiresAt: NOW + 59 * MINUTE }),
  ...(origin && { origin }),
})
const newer = (view: Parameters<typeof secret>[1] = {}) =>
  shop({ expiresAt: NOW + 10 * MINUTE, ...view }, group(late, live('prod', 'new')))

const CASES: readonly (readonly [string, World, Decision])[] = [
  [
    'a namespace without the Secret gets it, on the condition that it is not there',
    {},
    write('missing', 'prod', false),
  ],
  ['a Secret with the content of now is left alone', { secrets: shop() }, { kind: 'current' }],
  [
    'another content is replaced, as the very object that was seen',
    { secrets: shop({ hash: 'old' }) },
    write('rotated'),
  ],
  [
    'changed data is restored though the annotations look right',
    { secrets: shop({ intact: false }) },
    write('tampered'),
  ],
  ['a missing label of the values is added', { secrets: shop({ labelled: false }) }, write('relabelled')],
  [
    "somebody else's Secret is left alone",
    { secrets: shop({ ours: false, otherManager: 'argocd' }) },
    { kind: 'skip', reason: 'foreign-secret', manager: 'argocd' },
  ],
  [
    "somebody else's Secret is taken over when values say so",
    { config: config({ adopt: true }), secrets: shop({ ours: false }) },
    write('adopted'),
  ],
  ['P2 without any credential nothing is written', { tokens: [] }, { kind: 'wait', reason: 'no-credential' }],
  [
    'P2 without any credential a Secret of ours stays',
    { tokens: [], secrets: shop() },
    { kind: 'wait', reason: 'last-good' },
  ],
  [
    'P2 a registry whose credential is unknown never vanishes from a Secret',
    { config: two, tokens: [prod], secrets: shop({}, group(prod, legacy)) },
    { kind: 'wait', reason: 'last-good', until: HOUR },
  ],
  [
    'H3 but holds the others back no longer than until the Secret expires',
    { config: two, tokens: [prod], secrets: shop({ expiresAt: NOW }, group(prod, legacy)) },
    write('shrunk'),
  ],
  [
    'H5 an expired credential replaces none that lives',
    { tokens: [live('prod', 'old', { expiresAt: NOW })], secrets: shop({}, group(live('prod', 'new'))) },
    { kind: 'wait', reason: 'last-good' },
  ],
  [
    'H5 one that was read back or fetched as a proof leaves a newer one alone, though both Secrets end with another registry',
    { tokens: [older('proof'), late], secrets: newer(), config: both },
    { kind: 'current', newer: ['prod'], until: 9 * MINUTE },
  ],
  [
    'H5 also one whose labels are not as values ask for',
    { tokens: [older('restored'), late], secrets: newer({ labelled: false }), config: both },
    { kind: 'current', newer: ['prod'], until: 9 * MINUTE },
  ],
  [
    'H5 until a minute before its end: what lives longer replaces it then',
    { tokens: [older('restored'), live('other', 'next')], secrets: newer(), config: both, cloudNow: NOW + 9 * MINUTE },
    write('rotated', 'prod,other'),
  ],
  [
    'H5 but nothing that ends no later does before its end',
    { tokens: [older('restored'), late], secrets: newer(), config: both, cloudNow: NOW + 9 * MINUTE },
    { kind: 'current', newer: ['prod'], until: MINUTE },
  ],
  [
    'H5 with a clock that is hours ahead both seem to be over: the cloud is asked first',
    { tokens: [older('restored'), late], secrets: newer(), config: both, cloudNow: NOW + 2 * HOUR },
    { kind: 'current', newer: ['prod'] },
  ],
  [
    'H5 an older one is replaced by what was read back',
    { tokens: [{ ...live('prod'), origin: 'restored' }], secrets: shop({ hash: 'old', issuedAt: [NOW - 1] }) },
    write('rotated'),
  ],
  [
    'H5 also the newer one of another that leads by right for a moment',
    { tokens: [older(undefined), late], secrets: newer(), config: both },
    { kind: 'current', newer: ['prod'], until: 9 * MINUTE },
  ],
  [
    'H5 the older entry of an earlier configuration leaves a newer one alone too',
    { tokens: [older('kept'), live('other', 'next')], secrets: newer(), config: both },
    { kind: 'current', newer: ['prod'], until: 9 * MINUTE },
  ],
  [
    'H5 but keeps no other registry from its new credential for longer than the Secret lives',
    { tokens: [older('kept'), live('other', 'next')], secrets: newer(), config: both, cloudNow: NOW + 9 * MINUTE },
    write('rotated', 'prod,other'),
  ],
  [
    'H5 a newer entry of an earlier configuration, whose end is not known, is left alone as long as it is likely to live',
    { tokens: [older('restored')], secrets: shop({ expiresAt: undefined }, group(live('prod', 'new'))) },
    { kind: 'current', newer: ['prod'], until: 59 * MINUTE },
  ],
  [
    'H5 and an older entry of an earlier configuration is replaced at once',
    { tokens: [prod], secrets: shop({ expiresAt: undefined, issuedAt: [NOW - 1] }, group(live('prod', 'old'))) },
    write('rotated'),
  ],
  [
    'H5 but not one whose time is to come: the clock was wrong then, and what this replica got as the leader is newer',
    { tokens: [older(undefined), late], secrets: newer({ issuedAt: [NOW, NOW + MINUTE] }), config: both },
    write('rotated', 'prod,other'),
  ],
  [
    'a credential with a shorter life than the one before replaces it',
    { tokens: [live('prod', 'new', { expiresAt: NOW + 1000 })], secrets: shop({}, group(live('prod', 'old'))) },
    write('rotated'),
  ],
  [
    'M1 a Secret that was lost three times in ten minutes is left alone for a minute',
    { losses: [0, 10, 20], now: 30_000 },
    { kind: 'wait', reason: 'fought', until: 60_020 },
  ],
  ['M1 and written again after it', { losses: [0, 10, 20], now: 60_020 }, write('missing', 'prod', false)],
  [
    'H4 what may not be read is not written',
    { unreadable: true },
    { kind: 'wait', reason: 'unreadable', until: 30_000 },
  ],
  [
    'P2 a registry without a credential does not keep the others back',
    { config: two, tokens: [prod] },
    write('missing', 'prod', false),
  ],
  [
    'P2 what somebody broke is repaired with what there is',
    { config: two, tokens: [prod], secrets: shop({ intact: false }, group(prod, legacy)) },
    write('tampered'),
  ],
  [
    'a second registry joins the Secret',
    { config: two, tokens: [prod, legacy], secrets: shop() },
    write('rotated', 'prod,legacy'),
  ],
  [
    'a registry that left the configuration leaves the Secret',
    { tokens: [prod], secrets: shop({}, group(prod, legacy)) },
    write('shrunk'),
  ],
  [
    'a terminating namespace is left alone',
    { namespaces: [namespace('shop', { terminating: true })] },
    { kind: 'skip', reason: 'terminating' },
  ],
  ['an opted-out namespace gets nothing', { namespaces: opted }, { kind: 'skip', reason: 'opted-out' }],
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
    'P12 a namespace that opts out later loses the content, in place',
    { namespaces: opted, secrets: shop() },
    write('shrunk', ''),
  ],
  ['P12 what was emptied stays empty', { namespaces: opted, secrets: shop({}, empty) }, { kind: 'none' }],
  [
    "P12 somebody else's Secret is not emptied",
    { namespaces: opted, secrets: shop({ ours: false }) },
    { kind: 'skip', reason: 'opted-out' },
  ],
  ['P12 retire empties every Secret', { config: config({ retire: true }), secrets: shop() }, write('shrunk', '')],
]

for (const [title, world, expected] of CASES) {
  test(title, () => assert.deepEqual(decide(world), expected))
}

test('the Secret is emptied only after the references that are ours were taken back', () => {
  const world = { config: config({ retire: true }), secrets: shop() }
  const ours = account(['acr-nopass'], { owner: owner('acr-nopass') })
  assert.deepEqual(decide({ ...world, accounts: [ours] }), { kind: 'wait', reason: 'detaching' })
  const theirs = account(['acr-nopass'], { owner: owner('kubectl') })
  assert.deepEqual(decide({ ...world, accounts: [theirs] }), write('shrunk', ''))
})

test("the helper's own namespace holds all registries though no target names it, and says which login is whose", () => {
  const targets = {
    namespaces: { include: ['team-*'], exclude: [], selector: {} },
    serviceAccounts: { include: ['*'], exclude: [] },
  }
  const world = { config: config({ targets }), namespaces: [namespace('shop'), namespace('home')] }
  const made = context(world)
  assert.deepEqual(planKey(made, { namespace: 'home' }), {
    kind: 'writeSecret',
    namespace: 'home',
    group: '@prod',
    by: 'apply',
    precondition: undefined,
    reason: 'missing',
  })
  assert.equal(decide(world)?.kind, 'skip')
  assert.equal(made.groups.of('home', made.targets.registriesOf(namespace('home')))?.hash, current.hash)
})

test('a plan of everything has each Secret and each ServiceAccount once', () => {
  const accounts = [account([]), account(['acr-nopass'], { name: 'builder' }), account([], { namespace: 'gone' })]
  const kinds = [...plan(context({ accounts }))].map(({ key, decision }) => [key.serviceAccount ?? '', decision.kind])
  assert.deepEqual(kinds, [
    ['', 'writeSecret'],
    ['default', 'attach'],
    ['builder', 'current'],
  ])
})
