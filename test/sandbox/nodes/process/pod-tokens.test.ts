import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeClient } from '../../../../src/kube/client.ts'
import type { Pod } from '../../../../src/sandbox/cluster/pod.ts'
import { createPodTokens } from '../../../../src/sandbox/nodes/process/pod-tokens.ts'

test('tokens are bound to the Pod and replaced after 80 % of their lifetime, independently for each audience', async () => {
  let now = 0
  const requests: { audiences: string[]; expirationSeconds: number; uid: string }[] = []
  const request: KubeClient['request'] = async <T>(call: { body?: unknown }): Promise<T> => {
    const { spec } = call.body as {
      spec: { audiences: string[]; expirationSeconds: number; boundObjectRef: { uid: string } }
    }
    requests.push({
      audiences: spec.audiences,
      expirationSeconds: spec.expirationSeconds,
      uid: spec.boundObjectRef.uid,
    })
    const expirationTimestamp = new Date(now + spec.expirationSeconds * 1000).toISOString()
    return { status: { token: `token ${requests.length}`, expirationTimestamp } } as T
  }
  const client: KubeClient = { request, watch: () => Promise.resolve(), close: () => undefined }
  const clock = { now: () => now, monotonic: () => now, after: () => () => undefined }
  const metadata = { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1' }
  const api = { path: 'token', expirationSeconds: 3600 }
  const oidc = { path: 'token', audience: 'sts.aliyuncs.com', expirationSeconds: 1200 }
  const sources = [{ serviceAccountToken: api }, { serviceAccountToken: oidc }]
  const pod: Pod = { metadata, spec: { containers: [], volumes: [{ name: 'v', projected: { sources } }] } }
  const tokens = createPodTokens(client, pod, clock)
  const { signal } = new AbortController()

  assert.equal(tokens.get(api), undefined)
  assert.equal(await tokens.refresh(signal), 960_000)
  assert.deepEqual(requests, [
    { audiences: [], expirationSeconds: 3600, uid: 'u' },
    { audiences: ['sts.aliyuncs.com'], expirationSeconds: 1200, uid: 'u' },
  ])
  now = 959_999
  await tokens.refresh(signal)
  assert.deepEqual([tokens.get(api), tokens.get(oidc)], ['token 1', 'token 2'])
  now = 960_000
  await tokens.refresh(signal)
  assert.deepEqual([tokens.get(api), tokens.get(oidc)], ['token 1', 'token 3'])
  tokens.expire()
  await tokens.refresh(signal)
  assert.deepEqual([tokens.get(api), tokens.get(oidc)], ['token 4', 'token 5'])
})
