import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeClient } from '../../src/kube/client.ts'
import { findLeftovers, removeLeftovers } from '../../src/rollout/uninstall/leftovers.ts'

test('P12 uninstall leaves the entries that another manager wrote, as cleanup does', async (t) => {
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
  const caller = { client, signal: t.signal }
  const found = await findLeftovers(caller, { secretName: 'acr', instance: 'n.r' })
  const { detached } = await removeLeftovers(caller, 'acr', found)
  assert.deepEqual(written, ['PATCH /api/v1/namespaces/shop/serviceaccounts/default'])
  assert.deepEqual([detached, found.kept.map(({ account: { metadata } }) => metadata.name)], [1, ['app']])
})

test("a pull secret without a record of its writers is the release's own; one that only others wrote is a copy and stays, and so does another release's", async (t) => {
  const labelled = (instance: string, name: string, ...managers: readonly string[]) => ({
    metadata: {
      namespace: name,
      name: 'acr',
      uid: name,
      resourceVersion: '1',
      labels: { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': instance },
      managedFields: managers.map((manager) => ({ manager, operation: 'Apply', fieldsV1: {} })),
    },
  })
  const secret = (name: string, ...managers: readonly string[]) => labelled('n.r', name, ...managers)
  const secrets = [
    labelled('n.other', 'second', 'acr-nopass'),
    secret('unrecorded'),
    secret('own', 'acr-nopass'),
    secret('content', 'acr-nopass-content', 'other'),
    secret('copied', 'replicator'),
  ]
  const byPath = new Map(secrets.map((one) => [`/api/v1/namespaces/${one.metadata.namespace}/secrets/acr`, one]))
  const request = async ({ path }: { readonly path: string }) =>
    byPath.get(path) ?? { metadata: { resourceVersion: '1' }, items: path === '/api/v1/secrets' ? secrets : [] }
  const caller = { client: { request } as unknown as KubeClient, signal: t.signal }
  const found = await findLeftovers(caller, { secretName: 'acr', instance: 'n.r' })
  assert.deepEqual(
    found.secrets.map(({ metadata }) => metadata.namespace),
    ['unrecorded', 'own', 'content'],
  )
  assert.deepEqual(found.copies, ['copied/acr'])
})
