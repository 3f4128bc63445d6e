import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitRoles, limitRoleTargets, rolesElsewhere } from '../../src/policy/limit-roles.ts'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'

const options = { scope: 'instance', adopt: false, phase: 'widen' } as const
const NODES = 'acs:ram::10001:role/nodes'
const PULLER = 'acs:ram::10001:role/puller'

type Registries = Parameters<typeof limitRoles>[0]

const entry = (name: string, chain: readonly string[], changes: object = {}) => ({
  name,
  edition: 'enterprise',
  instanceId: 'cri-1',
  region: 'cn-hangzhou',
  repositories: [`${name}/*`],
  limit: 'repositories',
  assumeRole: chain.map((roleArn) => ({ roleArn, durationSeconds: 3600 })),
  ...changes,
})
const registries = (...entries: readonly object[]) => entries as unknown as Registries
const cluster = (name: string, list: Registries, key: string | undefined = `c-${name}`) => ({
  name,
  key,
  registries: list,
})
const targetsOf = (
  owner: { readonly name: string; readonly key: string | undefined; readonly registries: Registries },
  others: Parameters<typeof limitRoleTargets>[1] = [],
  own: readonly SharedTarget[] = [],
  callers: readonly string[] = [NODES],
) => {
  const key = owner.key ?? ''
  return limitRoleTargets({ ...owner, key, accountId: '10001', callers }, [owner, ...others], own, options)
}
const principals = (targets: readonly SharedTarget[]) =>
  targets.map(({ target }) => target.trust?.statements.map(({ Principal }) => Principal))
const repositories = (targets: readonly SharedTarget[]) =>
  JSON.stringify(targets.map(({ target }) => target.document)).match(/[^/"]+\/\*(?=")/g)

test('P13 the last role of a limited entry gets what its entries pull, and trusts the roles of the helper', () => {
  const a = cluster('a', registries(entry('one', [PULLER]), entry('two', [PULLER])))
  const found = targetsOf(a, [], [], [NODES, 'acs:ram::10001:role/gpu'])
  assert.deepEqual(
    found.map(({ clusters, accountId, target: { policyName, purpose, members, roles, trust } }) => [
      { clusters, accountId, policyName, purpose, members, roles },
      [trust?.role, trust?.create, trust?.alternatives],
    ]),
    [
      [
        {
          clusters: ['a'],
          accountId: '10001',
          policyName: 'acr-nopass-puller',
          purpose: 'the limited registries of cluster a',
          members: ['c-a'],
          roles: [],
        },
        ['puller', true, undefined],
      ],
    ],
  )
  assert.deepEqual(repositories(found), ['one/*', 'two/*'])
  assert.deepEqual(principals(found), [[{ RAM: ['acs:ram::10001:role/gpu'] }, { RAM: [NODES] }]])
})

test('the role trusts the step before it, with its external ID', () => {
  const chain = [{ roleArn: NODES }, { roleArn: PULLER, externalId: 'team' }]
  const found = targetsOf(cluster('a', registries(entry('one', [], { assumeRole: chain }))), [], [], ['elsewhere'])
  assert.deepEqual(found[0]?.target.trust?.statements, [
    {
      Effect: 'Allow',
      Action: ['sts:AssumeRole'],
      Condition: { StringEquals: { 'sts:ExternalId': ['team'] } },
      Principal: { RAM: [NODES] },
    },
  ])
})

test('P9 only roles of limited entries in the account of the caller are written, each once whatever the case of its name', () => {
  const other = 'acs:ram::10002:role/puller'
  const list = registries(
    entry('unlimited', [NODES], { limit: 'role' }),
    entry('without', []),
    entry('own', [PULLER]),
    entry('again', [PULLER.replace('puller', 'Puller')]),
    entry('there', [other]),
  )
  assert.deepEqual(limitRoles(list), ['acs:ram::10001:role/Puller', other])
  assert.deepEqual(rolesElsewhere(list, '10001'), [other])
  const found = targetsOf(cluster('a', list))
  assert.deepEqual(
    found.map(({ target }) => target.trust?.role),
    ['Puller'],
  )
  assert.deepEqual(repositories(found)?.sort(), ['again/*', 'own/*'])
})

test('P2 a role that other clusters of the run name has what all of them need, and loses no trust', () => {
  const b = cluster('b', registries(entry('b', [PULLER], { limit: 'role' })))
  const unmanaged = cluster('c', registries(entry('c', [PULLER, NODES])), undefined)
  const unrelated = cluster('d', registries(entry('d', [NODES])))
  const found = targetsOf(cluster('a', registries(entry('a', [PULLER]))), [
    b,
    { ...unmanaged, key: undefined },
    unrelated,
  ])
  assert.deepEqual(
    found.map(({ clusters, target }) => [clusters, target.members, target.trust?.alternatives]),
    [[['a', 'b', 'c'], ['c-a', 'c-b'], []]],
  )
  assert.equal(found[0]?.target.purpose, 'the limited registries of clusters a, b, c')
  // The role is a step on the way for c.
  assert.deepEqual(repositories(found), ['a/*', 'b/*'])
  assert.match(JSON.stringify(found[0]?.target.document), /"sts:AssumeRole".*role\/nodes/)
  assert.deepEqual(principals(found), [[{ RAM: [NODES] }]])
})

test('a role of the helper itself, or one with the name of the cluster’s policy, is refused with a fix', () => {
  const own = (policyName: string, roles: readonly string[], role?: string): readonly SharedTarget[] => [
    {
      clusters: ['a'],
      accountId: '10001',
      target: {
        policyName,
        document: undefined,
        purpose: 'cluster a',
        roles,
        ...(role && { trust: { role, statements: [], create: true } }),
        adopt: false,
        phase: 'widen',
      },
    },
  ]
  const a = cluster('a', registries(entry('one', [PULLER])))
  const refusal = (why: string) => ({
    code: 'POLICY_INPUT_INVALID',
    message: `role puller cannot be the last step of assumeRole: ${why}`,
    hint: 'Name another role in `assumeRole`, which need not exist yet.',
  })
  for (const same of [own('p', ['Puller']), own('p', [], 'PULLER')]) {
    assert.throws(() => targetsOf(a, [], same), refusal('it is the role of the helper itself'))
  }
  assert.throws(
    () => targetsOf(a, [], own('acr-nopass-puller', [])),
    refusal("policy acr-nopass-puller belongs to the cluster's own role"),
  )
  assert.equal(targetsOf(a, [], own('p', ['nodes'], 'another')).length, 1)
})
