import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ram } from '../../src/alibaba/ram.ts'
import { NopassError } from '../../src/errors.ts'
import { policyOf } from '../../src/policy/normal-form.ts'
import { observePolicy } from '../../src/policy/observe-policy.ts'
import { OWNER_TAG, ownDescription } from '../../src/policy/ram-names.ts'

const OLD = policyOf([{ Effect: 'Allow', Action: 'cr:*', Resource: 'x'.repeat(5000) }])
const NEW = policyOf([{ Effect: 'Allow', Action: 'cr:*', Resource: 'y'.repeat(5000) }])
const TARGET = { policyName: 'p', roles: ['w'], document: NEW }
const NEXT = 'p-next'

interface Account {
  readonly policies: Readonly<Record<string, { readonly description: string; readonly document?: object }>>
  /** Tags by `kind name`. */
  readonly tags?: Readonly<Record<string, readonly object[]>>
  readonly attached?: readonly object[]
  /** The calls that RAM denies. */
  readonly denied?: readonly string[]
  /** The calls that get no answer. */
  readonly failing?: readonly string[]
}

async function observe(account: Account, target: object = {}) {
  const calls: string[] = []
  const answer = <Found>(call: string, found: Found): Found => {
    calls.push(call)
    if (account.denied?.includes(call)) throw new NopassError('CLOUD_DENIED', 'denied')
    if (account.failing?.includes(call)) throw new NopassError('CLOUD_UNAVAILABLE', 'down')
    return found
  }
  const ram = {
    getPolicy: async (name: string) => {
      const found = account.policies[name]
      const document = JSON.stringify(found?.document ?? OLD)
      return answer(`get ${name}`, found && { name, ...found, document, defaultVersion: 'v1' })
    },
    getRole: async (name: string) => answer(`role ${name}`, { name, description: '', trust: '{}' }),
    listRolePolicies: async () => account.attached ?? [],
    listTags: async (kind: string, name: string) => {
      return answer(`tags ${kind} ${name}`, account.tags?.[`${kind} ${name}`] ?? [])
    },
    listPolicyEntities: async (name: string) => answer(`entities ${name}`, { roles: ['w'], users: [], groups: [] }),
  } as unknown as Ram
  return { calls, found: await observePolicy(ram, { ...TARGET, ...target }) }
}

const ours = { description: ownDescription('cluster c1') }
const edited = { description: 'edited by hand' }

test('a policy and a role are ours by their description, or by the tag if the description was edited', async () => {
  const tags = { 'policy p': [OWNER_TAG], [`policy ${NEXT}`]: [OWNER_TAG], 'role r': [OWNER_TAG] }
  const trust = { role: 'r' }
  const { found } = await observe({ policies: { p: edited, [NEXT]: edited }, tags }, { trust })
  assert.deepEqual([found.policy?.ours, found.next?.ours, found.trustRole?.ours], [true, true, true])
  const other = [
    { key: OWNER_TAG.key, value: 'else' },
    { key: 'else', value: OWNER_TAG.value },
  ]
  const theirs = await observe({ policies: { p: edited }, tags: { 'policy p': other } }, { trust })
  assert.deepEqual([theirs.found.policy?.ours, theirs.found.trustRole?.ours], [false, false])
  const marked = await observe({ policies: { p: ours } })
  assert.deepEqual([marked.found.policy?.ours, marked.calls.includes('tags policy p')], [true, false])
  const untold = await observe({ policies: { p: edited }, tags, denied: ['tags policy p'] })
  assert.equal(untold.found.policy?.ours, false)
})

const SECOND: readonly (readonly [when: string, account: Account, target: object, isRead: boolean])[] = [
  ['the first has no room for both documents', { policies: { p: ours } }, {}, true],
  ['the first has room', { policies: { p: { ...ours, document: NEW } } }, {}, false],
  ['no document is desired', { policies: { p: ours } }, { document: undefined }, false],
  ['the first is not ours', { policies: { p: edited } }, {}, false],
  ['the first does not exist', { policies: {} }, {}, false],
  [
    'a role has it',
    { policies: { p: { ...ours, document: NEW } }, attached: ['else', NEXT].map((name) => ({ name, custom: true })) },
    {},
    true,
  ],
  [
    'a role has a policy of the cloud with its name',
    { policies: { p: { ...ours, document: NEW } }, attached: [{ name: NEXT, custom: false }] },
    {},
    false,
  ],
  [
    'leftovers of our policy are searched for',
    { policies: { p: ours } },
    { document: undefined, leftovers: 'detach' },
    true,
  ],
  ['leftovers of a policy of others are searched for', { policies: { p: edited } }, { leftovers: 'detach' }, false],
]
for (const [when, account, target, isRead] of SECOND) {
  test(`the second policy is ${isRead ? '' : 'not '}read when ${when}`, async () => {
    const { calls } = await observe(account, target)
    assert.equal(calls.includes(`get ${NEXT}`), isRead)
  })
}

test('the attachments of a policy are listed only for our own policy, and are unknown without the right', async () => {
  const policies = { p: ours, [NEXT]: ours }
  const listed = (calls: readonly string[]) => calls.filter((call) => call.startsWith('entities '))
  const all = await observe({ policies }, { leftovers: 'detach' })
  assert.deepEqual(listed(all.calls), ['entities p', `entities ${NEXT}`])
  assert.deepEqual([all.found.entities, all.found.nextEntities], Array(2).fill({ roles: ['w'], users: [], groups: [] }))
  assert.deepEqual(listed((await observe({ policies })).calls), [`entities ${NEXT}`])
  assert.deepEqual(listed((await observe({ policies: { p: ours, [NEXT]: edited } })).calls), [])
  const denied = await observe({ policies, denied: ['entities p', `get ${NEXT}`] }, { leftovers: 'detach' })
  assert.deepEqual([denied.found.entities, denied.found.next], [undefined, undefined])
  await assert.rejects(observe({ policies, denied: ['get p'] }), { code: 'CLOUD_DENIED' })
  // Any other error says nothing about the attachments.
  const failing = { policies, failing: ['entities p'] }
  await assert.rejects(observe(failing, { leftovers: 'detach' }), { code: 'CLOUD_UNAVAILABLE' })
})
