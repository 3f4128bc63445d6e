import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Revision } from '../../src/helm/release/release-state.ts'
import type { OpenRelease } from '../../src/rollout/deploy/open-release.ts'
import { requireNewest } from '../../src/rollout/deploy/other-deployers.ts'

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
