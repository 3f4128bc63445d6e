import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Revision } from '../../src/helm/release/release-state.ts'
import { errorFromResponse } from '../../src/kube/api-error.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import type { OpenRelease } from '../../src/rollout/deploy/open-release.ts'
import { requireNewest, restoreOther } from '../../src/rollout/deploy/other-deployers.ts'

/** What a verification of revision 3 ends with, when this is the history. */
async function verified(...statuses: readonly Revision['status'][]): Promise<string> {
  const history = statuses.map((status, index): Revision => ({ revision: index + 1, status, updated: '' }))
  const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
  const release = { target, history: async () => history, signal: AbortSignal.timeout(60_000) }
  return requireNewest(release as unknown as OpenRelease, 3).then(
    () => 'verified',
    (error) => `${error.code} ${error.message}`,
  )
}

test('a verification counts only while its revision is the newest one and is deployed', async () => {
  assert.equal(await verified('superseded', 'superseded', 'deployed'), 'verified')
  for (const status of ['superseded', 'failed', 'pending-rollback', 'uninstalling', 'unknown'] as const) {
    assert.equal(
      await verified('superseded', 'superseded', status),
      `RELEASE_OVERTAKEN another deployer made revision 3 (${status}) of n/r while revision 3 was verified`,
    )
  }
  const newer = 'RELEASE_OVERTAKEN another deployer made revision 4 (deployed) of n/r while revision 3 was verified'
  assert.equal(await verified('superseded', 'superseded', 'superseded', 'deployed'), newer)
  const gone = 'RELEASE_OVERTAKEN another deployer uninstalled n/r while revision 3 was verified'
  assert.equal(await verified(), gone)
})

test("another deployer's revision is only said to be in effect where its objects were seen", async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'a', body: { metadata: { name: 'a' } } }
  const other: Revision = { revision: 2, status: 'deployed', updated: '' }
  const notesOf = async (dryRun: (call: KubeCall) => object): Promise<readonly string[]> => {
    const request = async (call: KubeCall): Promise<object> => {
      if (call.path === '/api/v1') return { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] }
      return call.method === 'GET' ? { metadata: { name: 'a' } } : dryRun(call)
    }
    const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
    const content = async () => ({ objects: [object] })
    const release = { client: { request }, content, target, signal: AbortSignal.timeout(60_000) }
    return (await restoreOther(release as unknown as OpenRelease, [other], [other], 'meanwhile')).notes
  }
  const seen = await notesOf(() => ({ metadata: { name: 'a' } }))
  assert.deepEqual(seen, ['another deployer made revision 2 meanwhile: it stays'])
  const refuse = ({ method }: KubeCall): never => {
    throw errorFromResponse(
      method,
      403,
      '{"message":"User \\"ci\\" cannot patch resource \\"configmaps\\""}',
      undefined,
    )
  }
  assert.deepEqual(await notesOf(refuse), [
    'another deployer made revision 2 meanwhile; whether it is in effect is not known of ConfigMap n/a',
  ])
})
