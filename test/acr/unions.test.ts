import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createUnions } from '../../src/acr/unions.ts'
import { limitOf } from '../../src/helper/credentials/create-entries.ts'
import { loadConfig } from '../../src/installation/load-config.ts'

const RELEASE = { name: 'r', namespace: 'ops', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 's' }
const IDENTITY = {
  type: 'rrsa',
  rrsa: { roleArn: 'acs:ram::1234567890123456:role/acr', oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/c' },
}
const entry = (name: string, repositories: readonly string[] | undefined, more: object = {}) => ({
  name,
  edition: 'enterprise',
  instanceId: 'cri-abcdefghijklmnop',
  region: 'cn-hangzhou',
  ...(repositories && { limit: 'repositories', repositories }),
  ...more,
})
const config = (...registries: readonly object[]) =>
  loadConfig(JSON.stringify({ registries, identity: IDENTITY, attach: 'admission', release: RELEASE })).config
const unionsOf = (...registries: readonly object[]) => createUnions(config(...registries))

const [BASE, TEAM_A, TEAM_B] = [entry('base', ['base/*']), entry('team-a', ['team-a/*']), entry('team-b', ['team-b/*'])]

test('a namespace gets one credential for all limited entries of an instance, and one per other entry', () => {
  const unions = unionsOf(BASE, entry('plain', undefined), TEAM_A, TEAM_B)
  const served = unions.of(['base', 'plain', 'team-a'])
  assert.deepEqual(
    served.map(({ credential, entries, union }) => [credential, entries, union?.repositories]),
    [
      // `printf '["base/*","team-a/*"]' | sha256sum`
      ['base.637ae1baccd72364', ['base', 'team-a'], ['base/*', 'team-a/*']],
      ['plain', ['plain'], undefined],
    ],
  )
})

test('without a limited entry, each entry has a credential of its own', () => {
  const [limited, plain] = [unionsOf(BASE, entry('plain', undefined)), unionsOf(entry('plain', undefined))]
  assert.deepEqual([limited.any, plain.any], [true, false])
  assert.deepEqual(plain.of(['plain']), [{ credential: 'plain', entries: ['plain'] }])
})

test('lists whose hashes begin with the same 8 digits do not share a credential', () => {
  // Both hashes begin with 7d9e269e.
  const [one, two] = ['team/mwv', 'team/p7p'].map(
    (repository) => unionsOf(entry('base', [repository])).of(['base'])[0]?.credential,
  )
  assert.equal(one?.slice(0, 13), two?.slice(0, 13))
  assert.notEqual(one, two)
})

test('entries of another instance, role or region never share a union', () => {
  const others = [
    { instanceId: 'cri-zzzzzzzzzzzzzzzz' },
    { region: 'cn-beijing' },
    { assumeRole: [{ roleArn: 'acs:ram::1234567890123456:role/other' }] },
  ]
  for (const other of others) {
    const served = unionsOf(BASE, entry('team-a', ['team-a/*'], other)).of(['base', 'team-a'])
    assert.deepEqual(
      served.map(({ entries }) => entries),
      [['base'], ['team-a']],
    )
  }
})

test('equal lists are one union, which serves the entries of both in the configuration’s order', () => {
  const unions = unionsOf(BASE, entry('one', ['xx/*', 'xx/yy']), entry('two', ['xx/*']))
  const lists = [['two'], ['one'], ['base', 'one']]
  const all = lists.flatMap((list) => unions.of(list).flatMap(({ union }) => union ?? []))
  assert.deepEqual(
    [...unions.unite(all).values()].map(({ entries, repositories }) => [entries, repositories]),
    [
      [['one', 'two'], ['xx/*']],
      [
        ['base', 'one'],
        ['base/*', 'xx/*'],
      ],
    ],
  )
})

test('all unions of an instance have the domains of all its limited entries', () => {
  const at = (network: string, ...domains: string[]) => ({ network, domains })
  const unions = unionsOf(
    entry('base', ['base/*'], at('vpc', 'b.example.com')),
    entry('team-a', ['team-a/*'], at('vpc', 'a.example.com')),
  )
  const [base] = unions.of(['base'])
  assert.deepEqual(base?.union?.values.domains, ['a.example.com', 'b.example.com'])
  assert.equal(base?.union?.values.network, 'vpc')
  const both = unionsOf(entry('base', ['base/*'], at('vpc')), entry('a', ['team-a/*'], at('public'))).of(['base'])
  assert.equal(both[0]?.union?.values.network, 'all')
})

test('the log has the union of the helper’s own namespace first, so that its domains belong to it', () => {
  const unions = unionsOf(entry('first', undefined), BASE, TEAM_A, entry('last', undefined), TEAM_B)
  const lists = [['base', 'team-a'], ['base', 'team-b'], ['team-a']]
  const needed = unions.unite(lists.flatMap((list) => unions.of(list).flatMap(({ union }) => union ?? [])))
  const own = unions.of(['team-a'])[0]?.credential
  const rest = [...needed.keys()].filter((name) => name !== own).sort()
  assert.deepEqual(unions.order(needed, ['team-a']), ['first', own, ...rest, 'last'])
  assert.deepEqual(unions.order(needed, []), ['first', ...[...needed.keys()].sort(), 'last'])
})

test('the log has the unions of each instance at the place of its first limited entry', () => {
  const other = entry('other', ['other/*'], { instanceId: 'cri-zzzzzzzzzzzzzzzz' })
  const unions = unionsOf(other, BASE, TEAM_A)
  const needed = [['base', 'team-a'], ['base'], ['other']].flatMap((list) => unions.of(list))
  const ofBase = needed.slice(0, 2).map(({ credential }) => credential)
  const order = unions.order(unions.unite(needed.flatMap(({ union }) => union ?? [])), [])
  assert.deepEqual(order, [needed[2]?.credential, ...ofBase.sort()])
})

test('a failing union is replaced by one of what the namespace has, else by one that lacks one entry', () => {
  const unions = unionsOf(BASE, TEAM_A, TEAM_B)
  const names = ['base', 'team-a', 'team-b']
  const [whole, single] = [names, ['base']].map((list) => unions.of(list)[0]?.union)
  assert.ok(whole && single)
  const narrower = (present: readonly string[]) => unions.narrower(whole, present).map(({ entries }) => entries)
  const lacking = [
    ['team-a', 'team-b'],
    ['base', 'team-b'],
    ['base', 'team-a'],
  ]
  assert.deepEqual(narrower([]), lacking)
  assert.deepEqual(narrower(['gone', 'team-b', 'base']), [['base', 'team-b'], ...lacking])
  assert.deepEqual(narrower(names), lacking)
  assert.deepEqual(unions.narrower(single, []), [])
  const part = (present: readonly string[]) => unions.part(whole, present)?.entries
  assert.deepEqual([part(['team-b', 'gone']), part(['gone']), part(names)], [['team-b'], undefined, undefined])
})

test('credentials that some namespace has together are known, each without itself', () => {
  const unions = unionsOf(BASE, entry('plain', undefined), TEAM_A)
  const [base, both] = [['base'], ['base', 'team-a']].map((list) => unions.of(list)[0]?.credential ?? '')
  const lists = [['base', 'plain'], ['plain'], ['base', 'team-a']]
  const beside = (credential = '') => [...unions.beside(credential, lists)]
  assert.deepEqual([beside(base), beside('plain'), beside(both)], [['plain'], [base], []])
})

test('the registry is asked about the first probe of a union’s entries', () => {
  const probes = [{}, { probe: 'team-a/app' }, { probe: 'team-b/app' }]
  const unions = unionsOf(...[BASE, TEAM_A, TEAM_B].map((one, index) => ({ ...one, ...probes[index] })))
  const probe = (...entries: readonly string[]) => unions.of(entries)[0]?.union?.probe
  assert.deepEqual(
    [probe('base', 'team-a', 'team-b'), probe('base', 'team-b'), probe('base')],
    ['team-a/app', 'team-b/app', undefined],
  )
})

test('a session’s name shows the namespace of the release, the first entry and how many more', () => {
  const nameOf = (namespace: string, entries: readonly string[]) => {
    const [served] = unionsOf(...entries.map((name) => entry(name, ['xx/*']))).of(entries)
    assert.ok(served?.union)
    return limitOf(served.union, { namespace }).sessionName
  }
  assert.equal(nameOf('ops', ['team-a']), 'acr-nopass.ops.team-a')
  assert.equal(nameOf('ops', ['base', 'team-a', 'team-b']), 'acr-nopass.ops.base.and-2-more')
  const long = nameOf('n'.repeat(63), ['e'.repeat(30), 'b'])
  assert.equal(long, `acr-nopass.${'n'.repeat(64 - 11 - 36)}.${'e'.repeat(24)}.and-1-more`)
  // STS accepts 2 to 64 letters, digits and `.@-_`:
  // https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$/)
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
      fc.uniqueArray(name, { minLength: 1, maxLength: 12 }),
      (namespace, entries) => assert.match(nameOf(namespace, entries), /^[A-Za-z0-9.@_-]{2,64}$/),
    ),
  )
})
