import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  grantKeys,
  includesDocument,
  normalForm,
  type PolicyDocument,
  parseDocument,
  policyOf,
  sameDocument,
  unionDocuments,
  withoutGrants,
} from '../../src/policy/normal-form.ts'
import { arbitraryDocument } from './arbitrary-document.ts'

const one = (Action: string | string[], Resource: string | string[], Effect = 'Allow'): PolicyDocument =>
  policyOf([{ Effect, Action, Resource }])

/**
 * The meaning of a document, computed independently of the code under test: the set of its single
 * permissions.
 */
function meaning({ Statement }: PolicyDocument): Set<string> {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])
  return new Set(
    Statement.flatMap(({ Effect, Action, Resource, Condition, Principal }) =>
      list(Action).flatMap((action) =>
        list(Resource).map((resource) =>
          JSON.stringify([Effect.toLowerCase(), action, resource, flat(Condition), flat(Principal)]),
        ),
      ),
    ),
  )
}

/** Every path to a value, in a fixed order. */
function flat(value: unknown, path = ''): string[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => flat(item, path)))].sort()
  if (typeof value !== 'object' || value === null) return [`${path}=${value}`]
  const members = Object.entries(value)
  return [
    ...(path === '' || members.length > 0 ? [] : [path]),
    ...members.flatMap(([key, member]) => flat(member, `${path}/${key}`)),
  ].sort()
}

const within = (a: Set<string>, b: Set<string>): boolean => [...a].every((item) => b.has(item))

const shuffled = fc.tuple(arbitraryDocument, fc.infiniteStream(fc.nat())).map(([document, order]) => {
  const turn = <Item>(items: readonly Item[]): Item[] =>
    items
      .map((item) => ({ item, at: order.next().value ?? 0 }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item)
  const Statement = turn(document.Statement).map((statement) => ({
    ...statement,
    ...(Array.isArray(statement.Action) && { Action: turn(statement.Action) }),
    ...(Array.isArray(statement.Resource) && { Resource: turn(statement.Resource) }),
  }))
  return [document, { ...document, Statement }] as const
})

test('the normal form of a normal form is itself, and has the meaning of the document', () => {
  fc.assert(
    fc.property(arbitraryDocument, (document) => {
      const normal = normalForm(document)
      assert.deepEqual(normalForm(normal), normal)
      assert.ok(sameDocument(document, normal))
      assert.equal(normal.Statement.length <= meaning(document).size, true)
    }),
  )
})

test('two documents are equal exactly if they have the same meaning', () => {
  fc.assert(
    fc.property(arbitraryDocument, arbitraryDocument, (a, b) => {
      const [left, right] = [meaning(a), meaning(b)]
      assert.equal(sameDocument(a, b), within(left, right) && within(right, left))
      assert.equal(includesDocument(a, b), within(right, left))
    }),
  )
})

test('P9 order, duplicates, single strings and the case of Effect make no difference', () => {
  fc.assert(fc.property(shuffled, ([document, turned]) => assert.deepEqual(normalForm(turned), normalForm(document))))
  assert.ok(sameDocument(one('a:B', '*'), one(['a:B', 'a:B'], ['*'], 'allow')))
  assert.ok(!sameDocument(one('a:B', '*'), one('a:B', '*', 'Deny')))
})

test('a union is commutative, associative, idempotent, and contains everything of its parts', () => {
  fc.assert(
    fc.property(arbitraryDocument, arbitraryDocument, arbitraryDocument, (a, b, c) => {
      const union = unionDocuments(a, b)
      assert.deepEqual(union, unionDocuments(b, a))
      assert.deepEqual(unionDocuments(union, c), unionDocuments(a, unionDocuments(b, c)))
      assert.deepEqual(unionDocuments(union, a), union)
      assert.equal(meaning(union).size, new Set([...meaning(a), ...meaning(b)]).size)
    }),
  )
})

test('a subtraction removes the given permissions, and nothing else', () => {
  fc.assert(
    fc.property(arbitraryDocument, arbitraryDocument, (a, b) => {
      const left = withoutGrants(a, b)
      assert.equal(meaning(left).size, [...meaning(a)].filter((item) => !meaning(b).has(item)).length)
      assert.ok(sameDocument(unionDocuments(left, b), unionDocuments(a, b)))
    }),
  )
})

test('statements are grouped by their resources, and unknown elements stay', () => {
  const document = policyOf([
    { Effect: 'allow', Action: 'cr:B', Resource: 'r2' },
    { Effect: 'Allow', Action: ['cr:A', 'cr:B'], Resource: 'r1' },
    { Effect: 'Allow', Action: 'cr:A', Resource: 'r2' },
    { Effect: 'Deny', NotAction: 'cr:C', Resource: '*', Condition: { Bool: { 'acs:SecureTransport': true } } },
  ])
  assert.deepEqual(normalForm(document).Statement, [
    { Effect: 'Allow', Action: ['cr:A', 'cr:B'], Resource: ['r1', 'r2'] },
    { Effect: 'Deny', Resource: ['*'], Condition: { Bool: { 'acs:SecureTransport': ['true'] } }, NotAction: ['cr:C'] },
  ])
})

test('each single permission is one text, in a fixed order and once', () => {
  const document = policyOf([
    { Effect: 'Allow', Action: ['cr:B', 'cr:A'], Resource: 'r' },
    { Effect: 'allow', Action: 'cr:A', Resource: ['r'] },
    { Effect: 'deny', NotAction: 'cr:C', Resource: '*' },
  ])
  assert.deepEqual(grantKeys(document), [
    '["Allow","cr:A","r","{}"]',
    '["Allow","cr:B","r","{}"]',
    '["Deny",null,"*","{\\"NotAction\\":[\\"cr:C\\"]}"]',
  ])
})

test('a document keeps its version; a text that is no policy is refused by the name of its object', () => {
  const statement = { Effect: 'Allow', Action: 'a', Resource: '*' }
  const parse = (content: object) => parseDocument(JSON.stringify(content), 'policy p')
  assert.deepEqual(parse({ Version: '2', Statement: statement }), { Version: '2', Statement: [statement] })
  assert.deepEqual(parse({ Statement: [statement] }), { Version: '1', Statement: [statement] })
  for (const text of ['x', '{}', '{"Statement":["a"]}', '{"Statement":[null]}'])
    assert.throws(() => parseDocument(text, 'policy p'), {
      code: 'POLICY_UNREADABLE',
      message: 'the document of policy p is not a RAM policy',
    })
})
