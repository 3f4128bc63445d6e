import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { createReader } from '../../src/kube/read/reader.ts'

const PODS = '/api/v1/pods'
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'

/**
 * Lists a path with these pages. A page is the names of its objects, or the status of the server's
 * response.
 */
async function list(path: string, pages: readonly (readonly string[] | number)[]) {
  let next = 0
  const request = async ({ query }: KubeCall): Promise<unknown> => {
    assert.equal(query?.continue, next === 0 ? undefined : String(next))
    const page = pages[next++] ?? []
    if (typeof page === 'number') throw new KubeApiError(page, `GET ${path} returned ${page}: no`)
    return { metadata: next < pages.length ? { continue: String(next) } : {}, items: page }
  }
  const reader = createReader({ request } as unknown as KubeClient, new AbortController().signal)
  const found = await reader.list('Things', path).catch((error) => error.code)
  return { found, unread: reader.unread.map(({ what, why }) => `${what}: ${why}`) }
}

test('all pages of a list are read', async () => {
  assert.deepEqual(await list(PODS, [['a', 'b'], ['c']]), { found: ['a', 'b', 'c'], unread: [] })
})

test('an API that the server does not have is an empty list', async () => {
  for (const path of [POLICIES, '/apis/apps.kruise.io/v1alpha1/clonesets'])
    assert.deepEqual(await list(path, [404]), { found: [], unread: [] })
})

test('a list that every API server has does not count as empty if a proxy responds 404', async () => {
  const unread = ['Things: the server responds 404 to a list that every API server has']
  for (const path of [PODS, '/api/v1/namespaces/shop/secrets', '/apis/apps/v1/deployments', '/apis/batch/v1/cronjobs'])
    assert.deepEqual(await list(path, [404]), { found: undefined, unread }, path)
})

test('a list that breaks off counts as unread, because its further pages are unknown', async () => {
  const unread = ['Things: the server responds 404 to a later page of a list']
  for (const path of [PODS, POLICIES]) assert.deepEqual(await list(path, [['a'], 404]), { found: undefined, unread })
  assert.deepEqual(await list(PODS, [['a'], 403]), { found: undefined, unread: ['Things: no'] })
  assert.deepEqual(await list(PODS, [['a'], 410]), { found: 'KUBE_EXPIRED', unread: [] })
  assert.deepEqual(await list(PODS, [['a'], 503]), { found: 'KUBE_SERVER_ERROR', unread: [] })
})
