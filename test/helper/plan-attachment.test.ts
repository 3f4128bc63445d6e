import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PlannedAction, WriteList } from '../../src/helper/plan/actions.ts'
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
    serviceAccounts: { include: ['build*'], exclude: [] },
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

const CASES: readonly (readonly [string, Fixture, PlannedAction])[] = [
  ['an overlong list is left alone', overlong([]), { kind: 'skip', reason: 'overlong-list', entries: 250 }],
  ["an overlong list with the helper's entry is current", overlong(['acr-nopass']), { kind: 'current' }],
  [
    'an overlong list is read again before the entry is removed',
    { ...overlong(['acr-nopass'], { owner: ours, optedOut: true }) },
    { ...write('detach', []), list: undefined },
  ],
  ["P1 an empty list gets the helper's entry", { accounts: [account([])] }, write('attach', ['acr-nopass'])],
  [
    "P1 the helper's entry is appended to the others, which are unchanged",
    { accounts: [account(['b', '', 'a', 'b'])] },
    write('attach', ['b', '', 'a', 'b', 'acr-nopass']),
  ],
  [
    "P1 a list with the helper's entry is not written",
    { accounts: [account(['a', 'acr-nopass', 'b'])] },
    { kind: 'current' },
  ],
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
    "no ServiceAccount gets a reference to another client's Secret",
    { secrets: foreign, accounts: [account([])] },
    { kind: 'skip', reason: 'foreign-secret' },
  ],
  [
    "an entry that was added before another client's Secret was seen is removed",
    { secrets: foreign, attachedUnseen: true, accounts: [account(['a', 'acr-nopass'], { owner: ours })] },
    write('detach', ['a']),
  ],
  [
    "an existing entry for another client's Secret stays",
    { secrets: foreign, accounts: [account(['acr-nopass'], { owner: ours })] },
    { kind: 'current' },
  ],
  [
    'an entry that another client has confirmed since then stays',
    { secrets: foreign, attachedUnseen: true, accounts: [account(['acr-nopass'], { owner: owner('kubectl-edit') })] },
    { kind: 'current' },
  ],
  [
    'a list that another tool applies is never patched',
    { accounts: [account([], { owner: owner('helm', 'Apply') })] },
    { kind: 'skip', reason: 'foreign-list', manager: 'helm' },
  ],
  [
    'a list that the helper itself applied is patched',
    { accounts: [account([], { owner: owner('acr-nopass', 'Apply') })] },
    write('attach', ['acr-nopass']),
  ],
  [
    'the entry of a list without a record of its writers is removed, because nobody applied it',
    { secrets: { shop: secret(group(live('prod'))) }, accounts: [account(['acr-nopass'], { optedOut: true })] },
    write('detach', []),
  ],
  [
    "a list that another tool applies with the helper's entry is current",
    { accounts: [account(['acr-nopass'], { owner: owner('helm', 'Apply') })] },
    { kind: 'current' },
  ],
  [
    'a list that another tool updates is patched',
    { accounts: [account(['a'], { owner: owner('kubectl-edit') })] },
    write('attach', ['a', 'acr-nopass']),
  ],
  [
    'P12 the entry is removed if the helper wrote the list last',
    { config: onlyBuilder, accounts: [account(['a', 'acr-nopass', 'b'], { owner: ours })] },
    write('detach', ['a', 'b']),
  ],
  [
    'P12 the entry stays if another client wrote the list after the helper',
    { config: onlyBuilder, accounts: [account(['acr-nopass'], { owner: owner('kubectl-edit') })] },
    { kind: 'skip', reason: 'kept-by-other', manager: 'kubectl-edit' },
  ],
  [
    'P12 an opt-out removes the entry',
    { accounts: [account(['acr-nopass'], { owner: ours, optedOut: true })] },
    write('detach', []),
  ],
  [
    'P12 retire removes the entry everywhere',
    { config: config({ retire: true }), accounts: [account(['acr-nopass'], { owner: ours })] },
    write('detach', []),
  ],
  [
    'P12 the entry for the Secret of another release stays, whether retired or not targeted',
    {
      config: config({ retire: true }),
      secrets: foreign,
      accounts: [account(['acr-nopass'], { owner: ours })],
    },
    { kind: 'skip', reason: 'kept-by-other' },
  ],
  [
    'P12 the entry of another release without a Secret yet stays',
    { config: onlyNamespace('elsewhere', true), accounts: [account(['acr-nopass'], { owner: ours })] },
    { kind: 'skip', reason: 'kept-by-other' },
  ],
  [
    'P12 neither of two live releases removes the entries of the other',
    { config: onlyNamespace('elsewhere'), secrets: foreign, accounts: [account(['acr-nopass'], { owner: ours })] },
    { kind: 'skip', reason: 'kept-by-other' },
  ],
  [
    "P12 a namespace that is no longer a target loses the entry for the helper's Secret",
    {
      config: onlyNamespace('elsewhere'),
      secrets: { shop: secret(group(live('prod'))) },
      accounts: [account(['acr-nopass'], { owner: ours })],
    },
    write('detach', []),
  ],
  [
    'two removals do not count as a fight',
    { accounts: [account([])], removals: [1_000, 2_000], now: 3_000 },
    write('attach', ['acr-nopass']),
  ],
  [
    'the third removal within ten minutes is a fight, and the list is left alone for a minute',
    { accounts: [account([], { owner: owner('reconciler') })], removals: [1_000, 2_000, 3_000], now: 4_000 },
    { kind: 'wait', reason: 'conflict', until: 63_000, manager: 'reconciler' },
  ],
  [
    'after the minute the entry is added again',
    { accounts: [account([])], removals: [1_000, 2_000, 3_000], now: 63_000 },
    write('attach', ['acr-nopass']),
  ],
  [
    'removals from more than ten minutes ago do not count',
    { accounts: [account([])], removals: [0, 1, 700_000], now: 700_001 },
    write('attach', ['acr-nopass']),
  ],
]

for (const [title, fixture, expected] of CASES) {
  test(title, () => assert.deepEqual(decide(fixture, 'default'), expected))
}

/** A ServiceAccount in an API server. Each write must name the version on which it is based. */
interface Stored {
  list: readonly string[]
  version: number
}

type Step =
  | { readonly by: 'other'; readonly change: 'add' | 'remove'; readonly name: string }
  /** Another client removes the helper's entry, as a reconciler with a fixed list does. */
  | { readonly by: 'other'; readonly change: 'drop-ours' }
  /** The helper plans; other clients write (`between`); the helper's patch arrives. */
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

test('P1 whatever other clients add and remove meanwhile, their entries are unchanged and in order, and the helper’s appears once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 4 }),
      fc.array(step, { maxLength: 30 }),
      (begin, steps) => {
        const stored: Stored = { list: begin, version: 1 }
        // The list without the helper's writes.
        let theirs: readonly string[] = begin
        const put = (list: readonly string[]): void => {
          stored.list = list
          stored.version += 1
        }
        const act = (one: Step): void => {
          if (one.by === 'helper') {
            const cached = account(stored.list, { resourceVersion: String(stored.version) })
            const decision = decide({ accounts: [cached] }, 'default')
            for (const other of one.between) act(other)
            if (decision?.kind !== 'attach') return
            // The API server responds with 409 if the version has changed.
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
