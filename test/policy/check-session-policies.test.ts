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
  const lines = entries.map(({ include = '*', limit = 'repositories', ...entry }) => {
    const registry = { ...INSTANCE, limit, ...entry, targets: { namespaces: { include: [include] } } }
    return `  - ${JSON.stringify(registry)}`
  })
  const text = ['registries:', ...lines, 'identity: { type: rrsa }', ''].join('\n')
  const { values, errors, positionOf } = loadValues({ files: [{ name: 'a.yaml', text }], rrsaComesLater: true })
  assert.deepEqual(errors, [])
  assert.ok(values)
  const found = checkSessionPolicies(values, positionOf)
  const shown = (list: typeof found.errors): string[] =>
    list.map(({ code, message, place }) => `${formatPlace(place).replace(/:\d+$/, '')} ${code}: ${message}`)
  return { errors: shown(found.errors), warnings: shown(found.warnings) }
}

const list = (team: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${team}/r${index}`)
const lengthOf = (repositories: readonly string[]): number => sessionPolicy(INSTANCE, repositories).length

test('an entry whose own list is too long for a session is an error; the longest list that fits is none', () => {
  const most = Array.from({ length: 60 }, (_, index) => index).findLast(
    (count) => lengthOf(list('team-a', count)) <= MAX_SESSION_POLICY,
  )
  assert.ok(most)
  assert.deepEqual(check([{ name: 'a', repositories: list('team-a', most) }]), { errors: [], warnings: [] })
  const longer = list('team-a', most + 1)
  assert.deepEqual(check([{ name: 'a', repositories: longer }]), {
    errors: [
      `a.yaml:2 SESSION_POLICY_LONG: the \`repositories\` of a make a session policy of ${lengthOf(longer)} characters, and STS accepts 2048`,
    ],
    warnings: [],
  })
  // Not limited, so there is no session policy.
  assert.deepEqual(check([{ name: 'a', repositories: longer, limit: 'role' }]).errors, [])
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
        `a.yaml:2 SESSION_POLICY_LONG: a and 1 other limited entries can target the same namespace; their \`repositories\` would make a session policy of ${lengthOf([...a, ...b])} characters, and STS accepts 2048`,
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
