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
  assert.deepEqual([...unknown.keys()], ['b'])
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
