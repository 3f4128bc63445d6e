import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { peekEvent } from '../../src/kube/peek-event.ts'
import { keyOf } from '../../src/kube/types.ts'
import { follow } from './followed-reflector.ts'

const NAME = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/)

test('what is read off the head of an event is what a parser reads, or nothing', () => {
  const metadata = fc.record(
    {
      name: fc.oneof(NAME, fc.string()),
      namespace: NAME,
      uid: fc.oneof(fc.uuid(), fc.string()),
      resourceVersion: fc.oneof(fc.nat().map(String), fc.string()),
      annotations: fc.dictionary(fc.string(), fc.string()),
    },
    { requiredKeys: ['name', 'uid', 'resourceVersion'] },
  )
  const type = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR')
  fc.assert(
    fc.property(type, metadata, (kind, meta) => {
      const object = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: meta }
      const seen = peekEvent(JSON.stringify({ type: kind, object }))
      if (seen === undefined) return
      assert.ok(kind === 'ADDED' || kind === 'MODIFIED')
      assert.deepEqual(seen, { key: keyOf(meta), uid: meta.uid, resourceVersion: meta.resourceVersion })
    }),
  )
})

test('the event of an object that the API server writes is read off its head', () => {
  const line =
    '{"type":"MODIFIED","object":{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default","namespace":"shop","uid":"u-1","resourceVersion":"42","creationTimestamp":"2026-11-25T00:00:00Z"}}}'
  assert.deepEqual(peekEvent(line), { key: 'shop/default', uid: 'u-1', resourceVersion: '42' })
})

test('the news of our own write are not told again, and the watch goes on behind them', async () => {
  await follow(async ({ server, reflector, changes, until }) => {
    await until(() => reflector.synced)
    reflector.put('own', { uid: 'uid-own', resourceVersion: '101' })
    const event = (name: string, version: string) =>
      `{"type":"ADDED","object":{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"${name}","uid":"uid-${name}","resourceVersion":"${version}"}}}\n`
    server.send(event('own', '101'))
    server.send(event('other', '102'))
    await until(() => changes.includes('+other'))
    server.send(event('own', '103'))
    await until(() => changes.includes('~own'))
    assert.deepEqual(changes, ['synced', '+own', '+other', '~own'])
    server.end('clean')
    await server.request(2)
    assert.equal(server.requests.at(-1)?.get('resourceVersion'), '103')
  })
})
