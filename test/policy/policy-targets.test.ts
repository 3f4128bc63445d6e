import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namedRoles } from '../../src/policy/policy-target.ts'
import { lockKeys, type RamCluster, rrsaTarget, workerRoleTargets } from '../../src/policy/policy-targets.ts'

const options = { scope: 'instance', adopt: false, phase: 'widen' } as const

function cluster(
  name: string,
  workerRoles: readonly string[],
  instanceId = `cri-${name}`,
  accountId = '1',
): RamCluster {
  const registry = {
    name: 'r',
    edition: 'enterprise',
    instanceId,
    region: 'cn-hangzhou',
    repositories: ['*'],
    assumeRole: [],
  } as const
  return {
    name,
    key: `c${name}`,
    accountId,
    workerRoles,
    registries: [registry] as unknown as RamCluster['registries'],
  }
}

function shape(targets: ReturnType<typeof workerRoleTargets>): unknown {
  return targets.map(({ clusters, target }) => [target.policyName, target.roles, clusters])
}

test('P9 roles of one cluster get its own policy', () => {
  const a = cluster('a', ['ra1', 'ra2'])
  assert.deepEqual(shape(workerRoleTargets(a, [a, cluster('b', ['rb'])], options)), [
    ['acr-nopass-ca', ['ra1', 'ra2'], ['a']],
  ])
})

test('P9 a role that two listed clusters share gets a policy with its own name, for what both need', () => {
  const [a, b] = [cluster('a', ['own', 'shared']), cluster('b', ['shared'])]
  const targets = workerRoleTargets(a, [a, b], options)
  assert.deepEqual(shape(targets), [
    ['acr-nopass-ca', ['own'], ['a']],
    ['acr-nopass-shared', ['shared'], ['a', 'b']],
  ])
  const resources = JSON.stringify(targets[1]?.target.document)
  assert.match(resources, /cri-a/)
  assert.match(resources, /cri-b/)
  const about = targets.map(({ target: { purpose, members } }) => ({ purpose, members }))
  assert.deepEqual(about, [
    { purpose: 'cluster a', members: undefined },
    { purpose: 'clusters a, b', members: ['ca', 'cb'] },
  ])
})

test('a cluster whose key is not known is no recorded member of a shared policy', () => {
  const [a, b] = [cluster('a', ['shared']), { ...cluster('b', ['shared']), key: '' }]
  assert.deepEqual(
    workerRoleTargets(a, [a, b], options).map(({ clusters, target }) => [clusters, target.members]),
    [[['a', 'b'], ['ca']]],
  )
})

test('the metadata service gives the helper a role of the nodes or, on ECI, the role of its Pod', () => {
  const identity = (eciRoleName: string) =>
    ({ type: 'worker-role', workerRole: { eciRoleName, imdsV1: false } }) as const
  assert.deepEqual(namedRoles(identity('eci'), ['w']), ['w', 'eci'])
  assert.deepEqual(namedRoles(identity('w'), ['w']), ['w'])
  assert.deepEqual(namedRoles(identity(''), ['w']), ['w'])
  assert.deepEqual(namedRoles({ ...identity('eci'), type: 'rrsa' }, ['w']), ['w'])
  assert.deepEqual(namedRoles(undefined, ['w']), ['w'])
})

test('P9 the same role name in another account is another role', () => {
  const [a, b] = [cluster('a', ['shared']), cluster('b', ['shared'], 'cri-b', '2')]
  assert.deepEqual(shape(workerRoleTargets(a, [a, b], options)), [['acr-nopass-ca', ['shared'], ['a']]])
})

test('P9 our RRSA role is created for exactly the helper; a given role only gets our statement', () => {
  const rrsa = {
    issuer: 'https://issuer',
    verified: true,
    others: [],
    oidcProviderArn: 'acs:ram::1:oidc-provider/p',
    namespace: 'n',
    serviceAccount: 's',
    givenRole: undefined,
  }
  const own = rrsaTarget(cluster('a', []), rrsa, options).target.trust
  assert.deepEqual([own?.role, own?.create], ['acr-nopass-ca', true])
  assert.match(JSON.stringify(own?.statements), /system:serviceaccount:n:s/)
  const given = rrsaTarget(cluster('a', []), { ...rrsa, givenRole: 'theirs' }, options).target.trust
  assert.deepEqual([given?.role, given?.create], ['theirs', false])
  // RAM's names are case-insensitive.
  const named = rrsaTarget(cluster('a', []), { ...rrsa, givenRole: 'ACR-nopass-ca' }, options)
  assert.deepEqual([named.target.trust?.role, named.target.trust?.create], ['ACR-nopass-ca', true])
  assert.deepEqual(lockKeys(named), ['1 policy acr-nopass-ca', '1 role ACR-nopass-ca'])
})

test('work on the same policy or role of an account does not overlap', () => {
  const [a, other] = [cluster('a', ['w']), cluster('a', ['w'], 'cri-a', '2')]
  const keysOf = (one: RamCluster) => workerRoleTargets(one, [one], options).map(lockKeys)
  assert.deepEqual([keysOf(a), keysOf(other)], [[['1 policy acr-nopass-ca']], [['2 policy acr-nopass-ca']]])
})
