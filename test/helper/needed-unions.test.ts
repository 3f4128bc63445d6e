import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUnions, type Union } from '../../src/acr/unions.ts'
import { neededUnions } from '../../src/helper/credentials/needed-unions.ts'

const registries = ['base', 'a', 'b'].map((name) => ({
  ...({ name, edition: 'enterprise', instanceId: 'cri-1', domains: [], limit: 'repositories' } as object),
  repositories: [`team-${name}/*`],
})) as unknown as Parameters<typeof createUnions>[0]['registries']
const unions = createUnions({ registries })

type Place = { readonly entries: readonly string[]; readonly present: readonly string[] }
const place = (entries: string, present = ''): Place => ({ entries: entries.split(' '), present: present.split(' ') })
const shown = ({ entries }: Union): string => entries.join(' ')
const nameOf = (entries: string): string | undefined => unions.of(entries.split(' '))[0]?.credential

/** `inForce`, `known` and `failing` list the unions for which this is true, each by its entries. */
function needed(places: readonly Place[], lists: { inForce?: string[]; known?: string[]; failing?: string[] } = {}) {
  const { inForce = [], known = [], failing = [] } = lists
  const answer = neededUnions(unions, {
    places,
    isInForce: (union) => inForce.includes(shown(union)),
    isKnown: (union) => known.includes(shown(union)),
    isFailing: (union) => failing.includes(shown(union)),
  })
  return { needed: answer.needed.map(shown), spare: [...answer.spare] }
}

test('a cluster needs the unions of its namespaces and nothing else while each has a credential', () => {
  const places = [place('base a', 'base'), place('base b'), place('base a', 'base')]
  const lists = { inForce: ['base a', 'base b'], known: ['base', 'a', 'b'], failing: ['base a'] }
  assert.deepEqual(needed(places, lists), { needed: ['base a', 'base b'], spare: [] })
})

test('while a union has no credential, the log keeps its narrower unions, and those with a credential stay fresh', () => {
  assert.deepEqual(needed([place('base a')], { known: ['a'] }), {
    needed: ['base a', 'a'],
    spare: [nameOf('a'), nameOf('base')],
  })
})

test('the union of the entries that a namespace keeps is requested only if the union of all has failed', () => {
  const places = [place('base b', 'base a')]
  assert.deepEqual(needed(places).needed, ['base b'])
  assert.deepEqual(needed(places, { failing: ['base b'] }).needed, ['base b', 'base'])
})

test('namespaces with the same entries and different Secrets are each looked at', () => {
  const places = [place('base b', 'base'), place('base b', 'b'), place('base b', 'b')]
  assert.deepEqual(needed(places, { failing: ['base b'] }).needed, ['base b', 'base', 'base b', 'b'])
})
