import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudAccess } from '../../src/rollout/cluster/cluster-run.ts'
import type { PreparedCluster } from '../../src/rollout/inputs/prepare-cluster.ts'
import { createRamList } from '../../src/rollout/ram/ram-list.ts'

const cloud = {
  caller: async () => ({ accountId: '1' }),
  cs: () => {
    throw new Error('nothing has to be found')
  },
} as unknown as CloudAccess

const cluster = (workerRoles: readonly string[], access: object): PreparedCluster =>
  ({
    name: 'a',
    ram: 'worker-role',
    settings: { name: 'a', access, workerRoles },
    values: {
      registries: [],
      identity: { type: 'worker-role', workerRole: { imdsV1: false, eciRoleName: 'acr-nopass-eci' } },
    },
  }) as unknown as PreparedCluster

for (const access of [{ kind: 'ack', clusterId: 'c1', region: 'cn-hangzhou' }, { kind: 'kubeconfig-file' }]) {
  test(`ECI, ${access.kind}: the policy is attached to the role of the helper's Pod, and node roles are not looked up`, async () => {
    const rolesOf = async (named: readonly string[]) => {
      const { clusters, unknown } = await createRamList([cluster(named, access)], [], cloud)(AbortSignal.any([]))
      assert.equal(unknown.size, 0)
      return clusters[0]?.workerRoles
    }
    assert.deepEqual(await rolesOf([]), ['acr-nopass-eci'])
    assert.deepEqual(await rolesOf(['nodes', 'acr-nopass-eci']), ['nodes', 'acr-nopass-eci'])
  })
}

test('a cluster that is not selected has unknown roles, not no roles, if only its values name them', async () => {
  const own = cluster(['nodes'], { kind: 'kubeconfig-file' })
  const sibling = { name: 'b', access: { kind: 'kubeconfig-file' }, workerRoles: [] } as never
  const { unknown } = await createRamList([own], [sibling], cloud)(AbortSignal.any([]))
  assert.deepEqual(
    [...unknown].map(([name, { code, message }]) => [name, code, message]),
    [['b', 'WORKER_ROLE_UNKNOWN', 'b is not selected, and its entry has no `workerRoles`']],
  )
})

test('the roles of a cluster that is not selected are read only with credentials that a selected cluster uses too', async () => {
  const own = cluster(['nodes'], { kind: 'kubeconfig-file' })
  const withRole = (deployRole: string) => ({ ...own, settings: { ...own.settings, deployRole } })
  const sibling = (deployRole: string) =>
    ({ name: 'b', access: { kind: 'kubeconfig-file' }, workerRoles: ['others'], deployRole }) as never
  const list = async (selected: PreparedCluster, other: never) => {
    const { clusters, unknown } = await createRamList([selected], [other], cloud)(AbortSignal.any([]))
    return [
      clusters.map(({ name, workerRoles }) => `${name} ${workerRoles}`),
      [...unknown.values()].map(({ message }) => message),
    ]
  }
  assert.deepEqual(await list(withRole('r'), sibling('r')), [['a nodes,acr-nopass-eci', 'b others'], []])
  assert.deepEqual(await list(withRole('r'), sibling('s')), [
    ['a nodes,acr-nopass-eci'],
    ['b is not selected, and has a deploy role of its own'],
  ])
})

test('if no cluster uses the worker role, no other entry of the list is read', async () => {
  const own = { ...cluster(['nodes'], { kind: 'kubeconfig-file' }), ram: 'rrsa' as const }
  const { clusters, unknown } = await createRamList([own], [{ name: 'b' } as never], cloud)(AbortSignal.any([]))
  assert.deepEqual([clusters, unknown.size], [[], 0])
})

const ACK = { kind: 'ack', clusterId: 'c1', region: 'cn-hangzhou' }

/** The cloud of ACK, whose node pools have these roles. Records each access. */
function ackCloud(roles: readonly string[]) {
  const asked: string[] = []
  const call = async ({ action, path }: { readonly action: string; readonly path: string }) => {
    asked.push(`${action} ${path.split('/')[2]}`)
    if (action === 'DescribeClusterDetail') return { cluster_id: 'c', cluster_type: 'ManagedKubernetes' }
    return { nodepools: roles.map((role) => ({ scaling_group: { ram_role_name: role } })) }
  }
  const cloud = {
    caller: async ({ name }: { readonly name: string }) => {
      asked.push(`caller ${name}`)
      return { accountId: '1' }
    },
    cs: (_: unknown, region: string, signal: AbortSignal) => {
      asked.push(`cs ${region}`)
      return { transport: { call }, signal }
    },
  } as unknown as CloudAccess
  return { cloud, asked }
}

const plain = (changes: object = {}, settings: object = {}): PreparedCluster => {
  const values = { registries: [{ name: 'prod' }], identity: { type: 'worker-role', workerRole: {} } }
  return {
    name: 'a',
    ram: 'worker-role',
    settings: { name: 'a', access: ACK, workerRoles: [], ...settings },
    values,
    ...changes,
  } as unknown as PreparedCluster
}

test('the roles of the nodes of an ACK cluster are read, unless they are named; the list is read once', async (t) => {
  const { cloud, asked } = ackCloud(['gpu', 'nodes'])
  const list = createRamList([plain()], [], cloud)
  const { clusters } = await list(t.signal)
  assert.deepEqual(clusters, [
    { name: 'a', key: 'c1', accountId: '1', registries: [{ name: 'prod' }], workerRoles: ['gpu', 'nodes'] },
  ])
  const calls = ['caller a', 'cs cn-hangzhou', 'DescribeClusterDetail c1', 'DescribeClusterNodePools c1']
  assert.deepEqual(asked, calls)
  assert.equal((await list(t.signal)).clusters, clusters)
  assert.deepEqual(asked, calls)
  const named = ackCloud([])
  const known = await createRamList([plain({}, { workerRoles: ['own'] })], [], named.cloud)(t.signal)
  assert.deepEqual([known.clusters[0]?.workerRoles, named.asked], [['own'], ['caller a']])
})

test('a cluster outside of ACK has a key only once it is connected, and its roles are those that are named', async (t) => {
  const { cloud } = ackCloud([])
  const access = { kind: 'kubeconfig-file' }
  const { clusters } = await createRamList([plain({}, { access, workerRoles: ['own'] })], [], cloud)(t.signal)
  assert.deepEqual(
    clusters.map(({ key, workerRoles }) => [key, workerRoles]),
    [['', ['own']]],
  )
  // Without named roles there are none, and the cluster's own targets say which setting is missing.
  const { clusters: unnamed, unknown } = await createRamList([plain({}, { access })], [], cloud)(t.signal)
  assert.deepEqual([unnamed[0]?.workerRoles, unknown.size], [[], 0])
})

test('the roles of an ACK cluster that is not selected are read too, and its registries are not known', async (t) => {
  const { cloud } = ackCloud(['nodes'])
  const sibling = { ...plain({}, { name: 'b', access: { ...ACK, clusterId: 'c2' } }).settings }
  const { clusters, unknown } = await createRamList([plain()], [sibling], cloud)(t.signal)
  assert.deepEqual(
    clusters.map(({ name, key, registries, workerRoles }) => [name, key, registries.length, workerRoles]),
    [
      ['a', 'c1', 1, ['nodes']],
      ['b', 'c2', 0, ['nodes']],
    ],
  )
  assert.equal(unknown.size, 0)
})

test('a cluster whose roles cannot be read is unknown with its error, and the others are listed', async (t) => {
  const { cloud } = ackCloud([])
  const values = plain().values
  const list = createRamList([plain(), plain({ name: 'b', values }, { name: 'b', workerRoles: ['own'] })], [], cloud)
  const { clusters, unknown } = await list(t.signal)
  assert.deepEqual(
    clusters.map(({ name }) => name),
    ['b'],
  )
  assert.deepEqual(
    [...unknown].map(([name, { code, message }]) => [name, code, message]),
    [['a', 'WORKER_ROLE_UNKNOWN', 'ACK returned no worker role for c1']],
  )
})
