import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudAccess } from '../../src/rollout/connect/cloud-access.ts'
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

test('a cluster that is not selected and whose roles only its values name is unknown, not one without roles', async () => {
  const own = cluster(['nodes'], { kind: 'kubeconfig-file' })
  const sibling = { name: 'b', access: { kind: 'kubeconfig-file' }, workerRoles: [] } as never
  const { unknown } = await createRamList([own], [sibling], cloud)(AbortSignal.any([]))
  assert.deepEqual([...unknown.keys()], ['b'])
})
