import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Decision, WriteList } from '../../src/helper/plan/actions.ts'
import { account, config, decide, type Fixture, group, live, namespace, owner, secret } from './plan-fixtures.ts'

const write = (kind: 'attach' | 'detach', list: readonly string[]): WriteList => ({
  kind,
  namespace: 'shop',
  serviceAccount: 'default',
  precondition: { uid: 'uid-sa', resourceVersion: '9' },
  list,
})
const ours = owner('acr-nopass')
const onlyBuilder = config({
  targets: {
    namespaces: { include: ['*'], exclude: [], selector: {} },
    serviceAccounts: { include: ['builder'], exclude: [] },
  },
})
const onlyNamespace = (name: string, retire = false) =>
  config({
    retire,
    targets: {
      namespaces: { include: [name], exclude: [], selector: {} },
      serviceAccounts: { include: ['*'], exclude: [] },
    },
  })
const foreign = { shop: secret(group(live('prod')), { ours: false }) }

const overlong = (list: readonly string[], more = {}) => ({ accounts: [account(list, { overlong: 250, ...more })] })

const CASES: readonly (readonly [string, Fixture, Decision])[] = [
  ['security 2: an overlong list is left alone', overlong([]), { kind: 'skip', reason: 'overlong-list', entries: 250 }],
  ['security 2: an overlong list with our entry is current', overlong(['acr-nopass']), { kind: 'current' }],
  [
    'security 2: to detach from an overlong list it is read again',
    { ...overlong(['acr-nopass'], { owner: ours, optedOut: true }) },
    { ...write('detach', []), list: undefined },
  ],
  ['P1 an empty list gets our entry', { accounts: [account([])] }, write('attach', ['acr-nopass'])],
  [
    'P1 our entry comes behind those of others, which stay as they are',
    { accounts: [account(['b', '', 'a', 'b'])] },
    write('attach', ['b', '', 'a', 'b', 'acr-nopass']),
  ],
  ['P1 a list with our entry is not written', { accounts: [account(['a', 'acr-nopass', 'b'])] }, { kind: 'current' }],
  [
    'the reference does not wait for the credential',
    { tokens: [], accounts: [account([])] },
    write('attach', ['acr-nopass']),
  ],
  [
    'a ServiceAccount outside the targets is left alone',
    { config: onlyBuilder, accounts: [account([])] },
    { kind: 'skip', reason: 'not-targeted' },
  ],
  [
    'an opted-out ServiceAccount is left alone',
    { accounts: [account([], { optedOut: true })] },
    { kind: 'skip', reason: 'opted-out' },
  ],
  [
    'a terminating namespace is left alone',
    { namespaces: [namespace('shop', { terminating: true })], accounts: [account([])] },
    { kind: 'skip', reason: 'terminating' },
  ],
  [
    "nobody is made to use somebody else's Secret",
    { secrets: foreign, accounts: [account([])] },
    { kind: 'skip', reason: 'foreign-secret' },
  ],
  [
    "an entry that was added before somebody else's Secret was seen is taken back",
    { secrets: foreign, attachedUnseen: true, accounts: [account(['a', 'acr-nopass'], { owner: ours })] },
    write('detach', ['a']),
  ],
  [
    "an entry for somebody else's Secret that was there before stays",
    { secrets: foreign, accounts: [account(['acr-nopass'], { owner: ours })] },
    { kind: 'current' },
  ],
  [
    'an entry that another writer has confirmed since stays',
    { secrets: foreign, attachedUnseen: true, accounts: [account(['acr-nopass'], { owner: owner('kubectl-edit') })] },
    { kind: 'current' },
  ],
  [
    'a list that another tool applies is never patched',
    { accounts: [account([], { owner: owner('helm', 'Apply') })] },
    { kind: 'skip', reason: 'foreign-list', manager: 'helm' },
  ],
  [
    'a list that another tool applies with our entry in it is right',
    { accounts: [account(['acr-nopass'], { owner: owner('helm', 'Apply') })] },
    { kind: 'current' },
  ],
  [
    'a list that another tool updates is patched',
    { accounts: [account(['a'], { owner: owner('kubectl-edit') })] },
    write('attach', ['a', 'acr-nopass']),
  ],
  [
    'P12 our entry is taken back where we wrote last',
    { config: onlyBuilder, accounts: [account(['a', 'acr-nopass', 'b'], { owner: ours })] },
    write('detach', ['a', 'b']),
  ],
  [
    'P12 our entry stays where another wrote the list after us',
    { config: onlyBuilder, accounts: [account(['acr-nopass'], { owner: owner('kubectl-edit') })] },
    { kind: 'skip', reason: 'kept-by-other', manager: 'kubectl-edit' },
  ],
  [
    'P12 an opt-out takes the entry back',
    { accounts: [account(['acr-nopass'], { owner: ours, optedOut: true })] },
    write('detach', []),
  ],
  [
    'P12 retire takes the entry back everywhere',
    { config: config({ retire: true }), accounts: [account(['acr-nopass'], { owner: ours })] },
    write('detach', []),
  ],
  [
    'P12 the entry beside the Secret of another release stays, retired or not targeted',
    {
      config: config({ retire: true }),
      secrets: foreign,
      accounts: [account(['acr-nopass'], { owner: ours })],
    },
    { kind: 'skip', reason: 'kept-by-other' },
  ],
  [
    'P12 an entry of another release that has no Secret yet stays',
    { config: onlyNamespace('elsewhere', true), accounts: [account(['acr-nopass'], { owner: ours })] },
    { kind: 'skip', reason: 'kept-by-other' },
  ],
  [
    'P12 of two live releases neither takes the entries of the other away',
    { config: onlyNamespace('elsewhere'), secrets: foreign, accounts: [account(['acr-nopass'], { owner: ours })] },
    { kind: 'skip', reason: 'kept-by-other' },
  ],
  [
    'P12 a namespace that is no target any more loses the entry of our Secret',
    {
      config: onlyNamespace('elsewhere'),
      secrets: { shop: secret(group(live('prod'))) },
      accounts: [account(['acr-nopass'], { owner: ours })],
    },
    write('detach', []),
  ],
  [
    'two removals are no fight',
    { accounts: [account([])], removals: [1_000, 2_000], now: 3_000 },
    write('attach', ['acr-nopass']),
  ],
  [
    'the third removal within ten minutes is a fight: a minute of peace',
    { accounts: [account([], { owner: owner('reconciler') })], removals: [1_000, 2_000, 3_000], now: 4_000 },
    { kind: 'wait', reason: 'fought', until: 63_000, manager: 'reconciler' },
  ],
  [
    'after the minute it is tried once more',
    { accounts: [account([])], removals: [1_000, 2_000, 3_000], now: 63_000 },
    write('attach', ['acr-nopass']),
  ],
  [
    'removals of long ago do not count',
    { accounts: [account([])], removals: [0, 1, 700_000], now: 700_001 },
    write('attach', ['acr-nopass']),
  ],
]

for (const [title, fixture, expected] of CASES) {
  test(title, () => assert.deepEqual(decide(fixture, 'default'), expected))
}

/** A ServiceAccount in an API server: a write must name the version it saw. */
interface Stored {
  list: readonly string[]
  version: number
}

type Step =
  | { readonly by: 'other'; readonly change: 'add' | 'remove'; readonly name: string }
  /** The other drops all but foreign entries, as a reconciler with a fixed list would. */
  | { readonly by: 'other'; readonly change: 'drop-ours' }
  /** The helper looks, then `between` others write, then its patch arrives. */
  | { readonly by: 'helper'; readonly between: readonly Step[] }

const foreignStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    by: fc.constant('other' as const),
    change: fc.constantFrom('add' as const, 'remove' as const),
    name: fc.constantFrom('a', 'b', 'c', 'd', ''),
  }),
  fc.constant({ by: 'other' as const, change: 'drop-ours' as const }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  foreignStep,
  fc.record({ by: fc.constant('helper' as const), between: fc.array(foreignStep, { maxLength: 3 }) }),
)

test('P1 whatever others add and remove meanwhile: each foreign entry stands as they left it, in order, and ours once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 4 }),
      fc.array(step, { maxLength: 30 }),
      (begin, steps) => {
        const stored: Stored = { list: begin, version: 1 }
        // What the others alone would have left.
        let theirs: readonly string[] = begin
        const put = (list: readonly string[]): void => {
          stored.list = list
          stored.version += 1
        }
        const act = (one: Step): void => {
          if (one.by === 'helper') {
            const seen = account(stored.list, { resourceVersion: String(stored.version) })
            const decision = decide({ accounts: [seen] }, 'default')
            for (const other of one.between) act(other)
            if (decision?.kind !== 'attach') return
            // 409 where the version is not the one that was seen.
            if (decision.precondition.resourceVersion === String(stored.version)) put(decision.list ?? [])
          } else if (one.change === 'drop-ours') put(theirs)
          else {
            const change = (list: readonly string[]): readonly string[] =>
              one.change === 'add' ? [...list, one.name] : list.filter((name) => name !== one.name)
            theirs = change(theirs)
            put(change(stored.list))
          }
          assert.deepEqual(
            stored.list.filter((name) => name !== 'acr-nopass'),
            theirs,
          )
          assert.ok(stored.list.filter((name) => name === 'acr-nopass').length <= 1)
        }
        for (const one of steps) act(one)
        act({ by: 'helper', between: [] })
        assert.equal(stored.list.filter((name) => name === 'acr-nopass').length, 1)
      },
    ),
    { numRuns: 2000 },
  )
})
