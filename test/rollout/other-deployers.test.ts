import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Revision } from '../../src/helm/release/release-state.ts'
import { errorFromResponse, KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import type { OpenRelease } from '../../src/rollout/release/open-release.ts'
import {
  isOwnRollback,
  requireNewest,
  restoreOther,
  restoreOvertaken,
} from '../../src/rollout/release/other-deployers.ts'

/** Returns the result of a verification of revision 3 with this history. */
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

test("another deployer's revision is reported as in effect only if its objects were seen", async () => {
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
  const queries: unknown[] = []
  const seen = await notesOf(({ query }) => {
    queries.push(query)
    return { metadata: { name: 'a' } }
  })
  // The API server does not refuse what is already deployed because of an unknown field.
  assert.deepEqual(queries, [{ fieldManager: 'helm', dryRun: 'All', force: true, fieldValidation: 'Ignore' }])
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
    'another deployer made revision 2 meanwhile; it is not known whether it is in effect for ConfigMap n/a',
  ])
})

test("if another deployer's revision could not be restored, or not be searched for, this is reported", async (t) => {
  const other: Revision = { revision: 2, status: 'superseded', updated: '' }
  const history: readonly Revision[] = [other, { revision: 3, status: 'deployed', updated: '' }]
  // A program that refuses its arguments, in place of helm.
  const helm = { path: process.execPath, environment: {}, version: { major: 3, minor: 22, patch: 0, text: '3.22.0' } }
  const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
  const common = { helm, target, timeout: '1m', report: () => undefined, withoutJournal: true, signal: t.signal }
  const release = { ...common, content: async () => ({ objects: [] }) } as unknown as OpenRelease
  const { revision, notes } = await restoreOther(release, history, [other], 'meanwhile')
  assert.equal(revision, undefined)
  assert.match(notes.join(), /^another deployer made revision 2 meanwhile, and restoring it failed: helm rollback: /)
  const refused = async () => {
    throw new KubeApiError(403, 'forbidden')
  }
  const unread = { ...common, history: refused } as unknown as OpenRelease
  assert.deepEqual(await restoreOvertaken(unread, 1, 1), {
    notes: ['not checked: what other deployers did during the rollback: forbidden'],
  })
})

test('a run that is interrupted while it searches for work of other deployers ends, and claims nothing about this work', async () => {
  const other: Revision = { revision: 2, status: 'deployed', updated: '' }
  const content = async () => {
    throw new KubeApiError(403, 'forbidden')
  }
  const lookedFor = (signal: AbortSignal) =>
    restoreOther({ content, signal } as unknown as OpenRelease, [other], [other], 'meanwhile')
  assert.deepEqual((await lookedFor(new AbortController().signal)).notes, [
    'another deployer made revision 2 meanwhile; acr-nopass could not check whether it is in effect: forbidden',
  ])
  await assert.rejects(lookedFor(AbortSignal.abort()), { status: 403 })
})

test('a release that was removed has no rollback of ours', () => {
  assert.equal(isOwnRollback(undefined, 0, ''), false)
})
