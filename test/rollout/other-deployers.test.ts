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

test("another deployer's revision is restored if an object of it is not in effect, and kept if all are, or none is known", async (t) => {
  const named = (name: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'n',
    name,
    body: { data: { name } },
  })
  const other: Revision = { revision: 2, status: 'deployed', updated: '' }
  // A program that refuses its arguments, in place of helm.
  const helm = { path: process.execPath, environment: {}, version: { major: 3, minor: 22, patch: 0, text: '3.22.0' } }
  const notesOf = async (
    live: Readonly<Record<string, 'same' | 'changed' | 'gone' | 'hidden'>>,
    before?: Revision,
    after?: Revision,
  ) => {
    const request = async ({ path, method }: KubeCall): Promise<unknown> => {
      if (path === '/api/v1') return { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] }
      const name = path.split('/').at(-1) ?? ''
      if (method !== 'GET') return { metadata: {}, data: { name } }
      if (live[name] === 'gone') throw new KubeApiError(404, 'not found')
      if (live[name] === 'hidden')
        throw errorFromResponse(
          method,
          403,
          '{"message":"User \\"ci\\" cannot get resource \\"configmaps\\""}',
          undefined,
        )
      return { metadata: {}, data: { name: live[name] === 'same' ? name : 'theirs' } }
    }
    const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
    const content = async () => ({ objects: Object.keys(live).map(named) })
    const about = { helm, target, timeout: '1m', report: () => undefined, withoutJournal: true, signal: t.signal }
    const release = { ...about, client: { request }, content } as unknown as OpenRelease
    const history = [before, other, after].filter((one) => one !== undefined)
    return (await restoreOther(release, history, [other], 'meanwhile')).notes.join()
  }
  const restored = /^another deployer made revision 2 meanwhile, and restoring it failed: /
  for (const state of ['changed', 'gone'] as const)
    for (const a of ['same', 'hidden'] as const) assert.match(await notesOf({ a, b: state }), restored, `${a} ${state}`)
  // Helm says that two revisions are deployed, so it is not known which one was applied last.
  assert.match(await notesOf({ a: 'same' }, { revision: 1, status: 'deployed', updated: '' }), restored)
  const stays = 'another deployer made revision 2 meanwhile'
  assert.equal(await notesOf({ a: 'same' }, { revision: 1, status: 'superseded', updated: '' }), `${stays}: it stays`)
  assert.match(await notesOf({ a: 'same' }, undefined, { revision: 3, status: 'deployed', updated: '' }), restored)
  const unknown = `${stays}; it is not known whether it is in effect for ConfigMap n/b`
  assert.equal(await notesOf({ a: 'same', b: 'hidden' }), unknown)
})

for (const status of ['pending-upgrade', 'failed', 'uninstalling'] as const) {
  test(`P15 only its deployer knows what a revision that is ${status} was to become, so it is named and not touched`, async () => {
    const other: Revision = { revision: 2, status, updated: '' }
    const release = { content: assert.fail, signal: AbortSignal.any([]) } as unknown as OpenRelease
    assert.deepEqual(await restoreOther(release, [other], [other], 'meanwhile'), {
      notes: [`another deployer made revision 2 meanwhile (${status}): check \`helm history\``],
    })
    assert.deepEqual(await restoreOther(release, [other], [], 'meanwhile'), { notes: [] })
  })
}

test('which pending rollback is ours: the next revision after ours, unless helm reported that it recorded none', () => {
  const pending = (revision: number, status: Revision['status'] = 'pending-rollback') => ({
    revision,
    status,
    updated: '',
  })
  assert.equal(isOwnRollback(pending(4), 3, 'Error: job hook failed: BackoffLimitExceeded'), true)
  assert.equal(isOwnRollback(pending(5), 3, ''), false)
  assert.equal(isOwnRollback(pending(4, 'pending-upgrade'), 3, ''), false)
  for (const stderr of [
    'Error: release: already exists',
    'Error: Kubernetes cluster unreachable: no route',
    'Error: failed to create release: secrets is forbidden',
    'Error: failed to query with labels: no',
    'Error: failed to get release: no',
    'Error: failed to list releases: no',
    'Error: release has no 3 version',
    'Error: release: not found',
  ])
    assert.equal(isOwnRollback(pending(4), 3, stderr), false, stderr)
})
