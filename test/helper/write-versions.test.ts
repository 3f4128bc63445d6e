import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import {
  type ApiServer,
  createApiServer,
  createCloud,
  createFakeClock,
  end,
  passwordsIn,
  registry,
  type StoredObject,
  startHelper,
} from './helper-fixture.ts'

const MINUTE = 60_000
const ABSENT = { uid: undefined, resourceVersion: '1' }

/**
 * A client that compares each write of a Secret with the version at which the helper last read the
 * Secret's notes: by a list of all, an event, or the response to its own write.
 */
function recordVersions(server: ApiServer, beforeRead: (namespace: string) => void) {
  const noted = new Map<string, { uid: string; resourceVersion: string }>()
  const writes: { readonly namespace: string; readonly sent: object; readonly noted: object }[] = []
  const namespaceOf = (path: string): string | undefined => /\/namespaces\/([^/]+)\/secrets/.exec(path)?.[1]
  const note = ({ metadata }: StoredObject): void => {
    const { uid, resourceVersion, namespace = '' } = metadata
    noted.set(namespace, { uid, resourceVersion })
  }
  const client: KubeClient = {
    ...server.client,
    async request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
      const namespace = namespaceOf(call.path)
      const isWrite = call.method === 'PATCH' && namespace !== undefined
      if (isWrite) {
        const { metadata } = JSON.parse(String(call.body)) as StoredObject
        const { uid, resourceVersion } = metadata
        writes.push({ namespace, sent: { uid, resourceVersion }, noted: noted.get(namespace) ?? ABSENT })
      }
      if (call.method === 'GET' && namespace !== undefined) beforeRead(namespace)
      const response = await server.client.request<T>(call, signal)
      if (isWrite) note(response as StoredObject)
      if (call.method === 'GET' && /\/v1\/secrets$/.test(call.path)) {
        noted.clear()
        for (const item of (response as { items: StoredObject[] }).items) note(item)
      }
      return response
    },
    watch<T>(call: Parameters<KubeClient['watch']>[0], onEvent: (event: never) => void, signal?: AbortSignal) {
      const observe = (event: { readonly type: string; readonly object: StoredObject }): void => {
        const { namespace = '' } = event.object.metadata
        if (call.path.endsWith('/secrets') && event.type === 'DELETED') noted.delete(namespace)
        else if (call.path.endsWith('/secrets')) note(event.object)
        onEvent(event as never)
      }
      return server.client.watch<T>(call, observe as never, signal)
    },
  }
  return { client, writes }
}

test('every write carries the version at which the note was read', async () => {
  const [server, clock, cloud] = [createApiServer(), createFakeClock(), createCloud()]
  let edits = 0
  // Another client changes the Secret at the moment in which it is read by itself.
  const { client, writes } = recordVersions(server, (namespace) => {
    if (edits > 3) return
    edits += 1
    const key = `secrets/${namespace}/acr-nopass`
    server.delayEvents(() => server.label(key, { ...server.get(key)?.metadata.labels, seen: String(edits) }))
  })
  const registries = [registry('a'), registry('b')]
  const first = startHelper(server, clock, cloud, { registries }, { client })
  await clock.advance(10 * MINUTE)
  await end(clock, first)
  // The helper's own copy is lost while one registry fails. New credentials of the other registries
  // must be written next to the failing registry's entry.
  server.remove('secrets/home/acr-nopass')
  cloud.responses.set('a', new NopassError('CLOUD_UNAVAILABLE', 'down'))
  const second = startHelper(server, clock, cloud, { registries }, { name: 'two', client })
  await clock.advance(2 * MINUTE)
  server.tamper('secrets/shop/acr-nopass')
  server.createNamespace('late')
  cloud.responses.delete('a')
  await clock.advance(120 * MINUTE)
  assert.match(passwordsIn(server, 'shop')['a.example.com'] ?? '', /^two-a-/)
  await end(clock, second)
  assert.ok(writes.length > 10, `${writes.length}`)
  for (const { namespace, sent, noted } of writes) assert.deepEqual(sent, noted, namespace)
})
