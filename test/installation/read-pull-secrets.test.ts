import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTransforms } from '../../src/installation/object-views.ts'
import { readPullSecrets } from '../../src/installation/read-pull-secrets.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { type KubeCall, type KubeClient, METADATA_ONLY, METADATA_ONLY_LIST } from '../../src/kube/client.ts'
import { createReader } from '../../src/kube/read/reader.ts'
import type { KubeObject } from '../../src/kube/types.ts'

const fieldsV1 = {
  'f:data': { 'f:.dockerconfigjson': {} },
  'f:type': {},
  'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } },
}
const WRITTEN = Date.UTC(2026, 10, 30, 12)
const secret = (namespace: string): KubeObject => ({
  metadata: {
    namespace,
    name: 'acr-nopass',
    uid: `uid-${namespace}`,
    resourceVersion: '1',
    labels: { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'home.r' },
    managedFields: [{ manager: 'acr-nopass', operation: 'Apply', time: new Date(WRITTEN).toISOString(), fieldsV1 }],
  },
})
const withoutWriters = ({ metadata: { managedFields: _, ...metadata } }: KubeObject): KubeObject => ({ metadata })
const transforms = createTransforms({
  instance: 'home.r',
  secretLabels: {},
  secretName: 'acr-nopass',
  namespaceLabels: new Set(),
})

/** `gone` was deleted after the list. */
async function read(trimsLists: boolean, mayGet = true) {
  const calls: [string, string | undefined][] = []
  const client = {
    async request({ path, accept }: KubeCall) {
      calls.push([path, accept])
      if (path !== '/api/v1/secrets' && !mayGet) throw new KubeApiError(403, `GET ${path} returned 403: no`)
      if (path === '/api/v1/namespaces/shop/secrets/acr-nopass') return secret('shop')
      if (path !== '/api/v1/secrets') return null
      const items = ['shop', 'gone'].map(secret)
      return { metadata: {}, items: trimsLists ? items.map(withoutWriters) : items }
    },
  } as KubeClient
  const found = await readPullSecrets(createReader(client, AbortSignal.timeout(60_000)), 'acr-nopass', transforms)
  return { found, calls }
}

test('a pull secret whose list entry includes its managers is not read again', async () => {
  const { found, calls } = await read(false)
  assert.deepEqual(
    [...(found ?? [])],
    [
      ['shop', { ...transforms.secret(secret('shop')), writtenAt: WRITTEN }],
      ['gone', { ...transforms.secret(secret('gone')), writtenAt: WRITTEN }],
    ],
  )
  assert.deepEqual(calls, [['/api/v1/secrets', METADATA_ONLY_LIST]])
})

test('if a proxy removes the managers from lists, the Secret itself shows that it was not changed; its data is never read', async () => {
  const { found, calls } = await read(true)
  assert.deepEqual([...(found ?? [])], [['shop', { ...transforms.secret(secret('shop')), writtenAt: WRITTEN }]])
  assert.equal(found?.get('shop')?.intact, true)
  assert.deepEqual(calls, [
    ['/api/v1/secrets', METADATA_ONLY_LIST],
    ['/api/v1/namespaces/shop/secrets/acr-nopass', METADATA_ONLY],
    ['/api/v1/namespaces/gone/secrets/acr-nopass', METADATA_ONLY],
  ])
})

test('if neither the list nor the Secret itself shows its managers, nothing is known about the pull secrets', async () => {
  const { found } = await read(true, false)
  assert.equal(found, undefined)
})
