import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { V1VolumeProjection } from '@kubernetes/client-node'
import type { Pod } from '../../../../sandbox/cluster/pod.ts'
import { createPodSources } from '../../../../sandbox/nodes/process/pod-sources.ts'
import { KubeApiError } from '../../../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../../../src/kube/client.ts'

const metadata = { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1' }
const pod: Pod = { metadata, spec: { containers: [] } }
const { signal } = new AbortController()

function createSources(now: () => number, respond: (call: KubeCall) => unknown) {
  const request: KubeClient['request'] = async <T>(call: KubeCall): Promise<T> => (await respond(call)) as T
  const client: KubeClient = { request, watch: () => Promise.resolve(), close: () => undefined }
  const sources = createPodSources(client, pod, '127.1.2.3', now)
  const read = async (...projections: V1VolumeProjection[]): Promise<Record<string, string>> => {
    const files = await Promise.all(projections.map((source) => sources.read(source, signal)))
    return Object.fromEntries(files.flat().map(([path, content]) => [path, content.toString()]))
  }
  return { read, expireTokens: sources.expireTokens }
}

test('a projected volume has the content of all its sources, and is not created while one is missing', async () => {
  const objects: Readonly<Record<string, object>> = {
    '/api/v1/namespaces/n/configmaps/config': { data: { 'a.yaml': 'A', b: 'B' } },
    '/api/v1/namespaces/n/secrets/key': { data: { id: Buffer.from('I').toString('base64') } },
    '/api/v1/namespaces/n/serviceaccounts/default/token': { status: { token: 'T', expirationTimestamp: '2000-01-01' } },
  }
  const { read } = createSources(
    () => 0,
    ({ path }) => objects[path] ?? Promise.reject(new KubeApiError(404, `GET ${path} returned 404`)),
  )
  assert.deepEqual(
    await read(
      { configMap: { name: 'config', items: [{ key: 'a.yaml', path: 'x/a.yaml' }] } },
      { secret: { name: 'key' } },
      { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      { serviceAccountToken: { path: 'token' } },
    ),
    { 'x/a.yaml': 'A', id: 'I', ns: 'n', token: 'T' },
  )
  await assert.rejects(read({ secret: { name: 'none' } }), { message: 'secret "none" not found' })
  await assert.rejects(
    read({ configMap: { name: 'config', items: [{ key: 'z', path: 'z' }] } }),
    /non-existent key "z"/,
  )
})

test('tokens are bound to the Pod and replaced after 80 % of their lifetime, independently for each audience', async () => {
  let now = 0
  const requests: { audiences: string[]; expirationSeconds: number; uid: string }[] = []
  const { read, expireTokens } = createSources(
    () => now,
    ({ body }) => {
      type Spec = { audiences: string[]; expirationSeconds: number; boundObjectRef: { uid: string } }
      const { audiences, expirationSeconds, boundObjectRef } = (body as { spec: Spec }).spec
      requests.push({ audiences, expirationSeconds, uid: boundObjectRef.uid })
      const expirationTimestamp = new Date(now + expirationSeconds * 1000).toISOString()
      return { status: { token: `token ${requests.length}`, expirationTimestamp } }
    },
  )
  const api = { serviceAccountToken: { path: 'api', expirationSeconds: 3600 } }
  const oidc = { serviceAccountToken: { path: 'oidc', audience: 'sts.aliyuncs.com', expirationSeconds: 1200 } }

  assert.deepEqual(await read(api, oidc), { api: 'token 1', oidc: 'token 2' })
  assert.deepEqual(requests, [
    { audiences: [], expirationSeconds: 3600, uid: 'u' },
    { audiences: ['sts.aliyuncs.com'], expirationSeconds: 1200, uid: 'u' },
  ])
  now = 959_999
  assert.deepEqual(await read(api, oidc), { api: 'token 1', oidc: 'token 2' })
  now = 960_000
  assert.deepEqual(await read(api, oidc), { api: 'token 1', oidc: 'token 3' })
  expireTokens()
  assert.deepEqual(await read(api, oidc), { api: 'token 4', oidc: 'token 5' })
})
