import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeAccounts, nodeRoles } from '../../src/policy/node-grants.ts'
import { type NodeOwner, type NodeUser, nodeRoleTargets } from '../../src/policy/node-roles.ts'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'

const options = { scope: 'instance', adopt: false, phase: 'widen' } as const
const PROVIDER = 'acs:ram::10001:oidc-provider/c-a'
const ROLE = 'acs:ram::10001:role/shop-pull'

const entry = (name: string, include?: readonly string[], change: object = {}) => ({
  name,
  edition: 'enterprise',
  instanceId: 'cri-1',
  region: 'cn-hangzhou',
  repositories: [`${name}/*`],
  limit: 'role',
  assumeRole: [],
  ...(include && { targets: { namespaces: { include } } }),
  ...change,
})
const account = (namespace: string, name = 'web', role = ROLE) => ({ namespace, name, role })
const user = (name: string, accounts: NodeUser['accounts'], entries: readonly object[] = [entry('shop')]) =>
  ({ name, key: `c-${name}`, accounts, registries: entries }) as unknown as NodeOwner

const verified = { issuer: 'https://a.example.com', verified: true, others: [] }
const targetsOf = (
  owner: NodeUser,
  others: readonly NodeUser[] = [],
  own: readonly SharedTarget[] = [],
  issuer: NodeOwner['issuer'] = verified,
) => {
  const whole = { ...owner, key: owner.key ?? '', accountId: '10001', oidcProviderArn: PROVIDER, issuer }
  return nodeRoleTargets(whole, [owner, ...others], own, options)
}
const repositories = (targets: readonly SharedTarget[]) =>
  JSON.stringify(targets.map(({ target }) => target.document)).match(/[^/"]+\/\*(?=")/g)
const subjects = ({ target }: SharedTarget) =>
  target.trust?.statements.map(({ Condition }) => JSON.stringify(Condition).match(/"oidc:sub":\["([^"]+)"\]/)?.[1])

test('a ServiceAccount gets a role that only it can assume, and that pulls what its namespace may', () => {
  const registries = [entry('shop', ['shop']), entry('other', ['other']), entry('base')]
  const [found, ...more] = targetsOf(user('a', [account('shop'), account('shop', 'api')], registries))
  assert.deepEqual(more, [])
  const { policyName, purpose, members, roles, trust } = found?.target ?? {}
  assert.deepEqual(
    { policyName, purpose, members, roles, role: trust?.role, create: trust?.create, open: trust?.alternatives },
    {
      policyName: 'acr-nopass-shop-pull',
      purpose: 'nodes of cluster a',
      members: ['c-a'],
      roles: [],
      role: 'shop-pull',
      create: true,
      open: undefined,
    },
  )
  assert.deepEqual(repositories(found ? [found] : []), ['base/*', 'shop/*'])
  assert.deepEqual(found && subjects(found), ['system:serviceaccount:shop:web', 'system:serviceaccount:shop:api'])
  assert.match(JSON.stringify(trust?.statements), /"Federated":\["acs:ram::10001:oidc-provider\/c-a"\]/)
  assert.match(JSON.stringify(trust?.statements), /"oidc:iss":\["https:\/\/a\.example\.com"\]/)
})

test('P9 only roles in the account of the cluster are written, each once whatever the case of its name', () => {
  const accounts = [
    account('shop'),
    account('b', 'web', ROLE.replace('shop', 'Shop')),
    account('c', 'web', 'acs:ram::2:role/x'),
  ]
  assert.deepEqual(nodeRoles(accounts), [ROLE.replace('shop', 'Shop'), 'acs:ram::2:role/x'])
  const found = targetsOf(user('a', accounts))
  assert.deepEqual(
    found.map(({ target }) => target.trust?.role),
    ['Shop-pull'],
  )
  assert.deepEqual(
    found.flatMap((one) => subjects(one)),
    ['system:serviceaccount:shop:web', 'system:serviceaccount:b:web'],
  )
})

test('P2 a role that other clusters of the run name has what all of them need, and loses no trust', () => {
  const b = user('b', [account('shop')], [entry('b')])
  const c = { ...user('c', [account('shop')], [entry('c')]), key: undefined }
  const d = user('d', [account('shop', 'web', 'acs:ram::10001:role/d')], [entry('d')])
  const [found] = targetsOf(user('a', [account('shop')]), [b, c, d])
  assert.deepEqual(found?.clusters, ['a', 'b', 'c'])
  assert.deepEqual(found?.target.members, ['c-a', 'c-b'])
  assert.deepEqual(repositories(found ? [found] : []), ['b/*', 'c/*', 'shop/*'])
  assert.deepEqual(found?.target.trust?.alternatives, [])
  assert.equal(found?.target.trust?.statements.length, 1)
})

test('an issuer that was not confirmed never takes trust away', () => {
  const issuer = { issuer: 'https://a.example.com', verified: false, others: ['https://b.example.com'] }
  const [found] = targetsOf(user('a', [account('shop')]), [], [], issuer)
  assert.match(JSON.stringify(found?.target.trust?.alternatives), /https:\/\/b\.example\.com/)
})

test('a ServiceAccount for which no entry has anything to pull gets no role', () => {
  assert.deepEqual(targetsOf(user('a', [account('shop')], [entry('x', ['other'])])), [])
  assert.deepEqual(targetsOf(user('a', [account('shop')], [entry('x', undefined, { edition: 'static' })])), [])
})

test('with the role of the nodes, the list of ServiceAccounts has no effect', () => {
  const node = { identity: 'worker-role', serviceAccounts: [account('shop')] }
  assert.deepEqual(nodeAccounts({ node } as unknown as Parameters<typeof nodeAccounts>[0]), [])
})

test('the role of the helper itself is refused with a fix', () => {
  const own: SharedTarget = {
    clusters: ['a'],
    accountId: '10001',
    target: { policyName: 'p', document: undefined, purpose: '', roles: ['Shop-Pull'], adopt: false, phase: 'widen' },
  }
  assert.throws(() => targetsOf(user('a', [account('shop')]), [], [own]), {
    code: 'POLICY_INPUT_INVALID',
    message: 'role shop-pull cannot be the role of a ServiceAccount on nodes: it is the role of the helper itself',
    hint: 'Name another role in `node.serviceAccounts`, which need not exist yet.',
  })
})
