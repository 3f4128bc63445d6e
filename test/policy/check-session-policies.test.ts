import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatPlace } from '../../src/errors.ts'
import { checkSessionPolicies } from '../../src/policy/check-session-policies.ts'
import { MAX_SESSION_POLICY, sessionPolicy } from '../../src/policy/session-policy.ts'
import { loadValues } from '../../src/values/load-values.ts'

const INSTANCE = { edition: 'enterprise', instanceId: 'cri-0123456789abcdef', region: 'cn-hangzhou' } as const

interface Entry {
  readonly name: string
  readonly repositories: readonly string[]
  readonly include?: string
  readonly limit?: string
  readonly instanceId?: string
}

/** Returns the errors and the warnings, each with its place. One entry a line. */
function check(entries: readonly Entry[]) {
  const lines = entries.map(({ include, limit = 'repositories', ...entry }) => {
    const own = include === undefined ? {} : { targets: { namespaces: { include: [include] } } }
    const registry = { ...INSTANCE, limit, ...entry, ...own }
    return `  - ${JSON.stringify(registry)}`
  })
  const text = ['registries:', ...lines, 'identity: { type: rrsa }', ''].join('\n')
  const { values, errors, positionOf } = loadValues({ files: [{ name: 'a.yaml', text }], rrsaComesLater: true })
  assert.deepEqual(errors, [])
  assert.ok(values)
  const found = checkSessionPolicies(values, positionOf)
  const shown = (list: typeof found.errors): string[] =>
    list.map(({ code, message, hint, place, path }) => {
      return `${formatPlace(place).replace(/:\d+$/, '')} ${code} at ${path.join('.')}: ${message}. ${hint}`
    })
  return { errors: shown(found.errors), warnings: shown(found.warnings) }
}

const list = (team: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${team}/r${index}`)
const lengthOf = (repositories: readonly string[]): number => sessionPolicy(INSTANCE, repositories).length

/** A list whose session policy has exactly this length. */
function listOf(length: number): string[] {
  const count = 20
  const padding = length - lengthOf(list('team-a', count))
  return list('team-a', count).map((name, index) =>
    index < 10 ? name.padEnd(name.length + Math.floor(padding / 10) + (index < padding % 10 ? 1 : 0), 'x') : name,
  )
}

test('the longest list that fits into a session is accepted; one character more is an error', () => {
  assert.equal(lengthOf(listOf(MAX_SESSION_POLICY)), 2048)
  const none = { errors: [], warnings: [] }
  assert.deepEqual(check([{ name: 'a', repositories: listOf(MAX_SESSION_POLICY) }]), none)
  const longer = listOf(MAX_SESSION_POLICY + 1)
  assert.deepEqual(check([{ name: 'a', repositories: longer }]), {
    errors: [
      'a.yaml:2 SESSION_POLICY_LONG at registries.0.repositories: the `repositories` of a make a session policy of 2049 characters, and STS accepts 2048. Name a namespace with /* instead of single repositories, or divide the entry by namespaces.',
    ],
    warnings: [],
  })
  // Not limited, so there is no session policy.
  assert.deepEqual(check([{ name: 'a', repositories: longer, limit: 'role' }]), none)
  // The same for a union.
  const [first = '', ...rest] = listOf(MAX_SESSION_POLICY)
  const two = (last: string) => [
    { name: 'a', repositories: [last] },
    { name: 'b', repositories: rest },
  ]
  assert.deepEqual(check(two(first)), none)
  assert.equal(check(two(`${first}x`)).warnings.length, 1)
})

test('entries that fit alone, and can meet in a namespace where they do not, are one warning', () => {
  const [a, b] = [list('team-a', 20), list('team-b', 20)]
  assert.deepEqual(
    check([
      { name: 'a', repositories: a, include: 'shop-*' },
      { name: 'b', repositories: b, include: '*-test' },
    ]),
    {
      errors: [],
      warnings: [
        `a.yaml:2 SESSION_POLICY_LONG at registries.0.repositories: a and 1 other limited entries can target the same namespace; their \`repositories\` would make a session policy of ${lengthOf([...a, ...b])} characters, and STS accepts 2048. Name a namespace with /* instead of single repositories. Or give the entries targets that do not overlap. This is a warning.`,
      ],
    },
  )
})

test('entries that never meet, of another instance, or that cover each other, are not counted together', () => {
  const [a, b] = [list('team-a', 20), list('team-b', 20)]
  const none = { errors: [], warnings: [] }
  const first = { name: 'a', repositories: a, include: 'a-*' }
  assert.deepEqual(check([first, { name: 'b', repositories: b, include: 'b-*' }]), none)
  assert.deepEqual(check([first, { name: 'b', repositories: b, instanceId: 'cri-1' }]), none)
  assert.deepEqual(check([first, { name: 'b', repositories: [...b, 'team-a/*'], include: '*' }]), none)
})
