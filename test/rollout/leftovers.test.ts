import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeClient } from '../../src/kube/client.ts'
import { findAndRemoveLeftovers } from '../../src/rollout/uninstall/remove-leftovers.ts'

test('M9 P12 uninstall leaves the entries that another manager wrote, as cleanup does', async (t) => {
  const account = (name: string, manager: string, operation: string) => ({
    metadata: {
      namespace: 'shop',
      name,
      uid: name,
      resourceVersion: '1',
      managedFields: [{ manager, operation, fieldsV1: { 'f:imagePullSecrets': {} } }],
    },
    imagePullSecrets: [{ name: 'acr' }],
  })
  const accounts = [account('default', 'acr-nopass', 'Update'), account('app', 'argocd-controller', 'Apply')]
  const written: string[] = []
  const request = async ({ method, path }: { readonly method: string; readonly path: string }) => {
    if (method !== 'GET') written.push(`${method} ${path}`)
    return { metadata: { resourceVersion: '1' }, items: path.endsWith('/serviceaccounts') ? accounts : [] }
  }
  const client = { request } as unknown as KubeClient
  const taken = await findAndRemoveLeftovers({ client, signal: t.signal }, { secretName: 'acr', instance: 'n.r' })
  assert.deepEqual(written, ['PATCH /api/v1/namespaces/shop/serviceaccounts/default'])
  assert.deepEqual([taken.detached, taken.kept.map(({ account: { metadata } }) => metadata.name)], [1, ['app']])
})
