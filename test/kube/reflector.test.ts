import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reflector } from '../../src/kube/watch/reflector.ts'
import { follow, type View } from './followed-reflector.ts'

const names = (reflector: Reflector<View>): string[] => [...reflector.entries()].map(([key]) => key).sort()

test('a list is followed by one stream (WatchList), and each change arrives', async () => {
  await follow(
    async ({ server, reflector, changes, until }) => {
      await until(() => reflector.synced)
      assert.deepEqual(changes, ['+a', '+b', 'synced'])
      server.put('c')
      server.put('a')
      server.remove('b')
      await until(() => changes.length === 6)
      assert.deepEqual(changes.slice(3), ['+c', '~a', '-b'])
      assert.equal(server.requests.length, 1)
      const query = Object.fromEntries(server.requests[0] ?? [])
      assert.deepEqual(query, {
        allowWatchBookmarks: 'true',
        timeoutSeconds: '450',
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
        watch: '1',
      })
    },
    {
      prepare: (server) => {
        server.put('a')
        server.put('b')
      },
    },
  )
})

test('a server without WatchList is read page by page, and WatchList is not requested again', async () => {
  await follow(
    async ({ server, clock, reflector, problems, until }) => {
      await until(() => reflector.synced)
      await server.request(5)
      assert.deepEqual(
        server.requests.map((query) => query.get('continue') ?? (query.has('watch') ? 'watch' : 'list')),
        ['watch', 'list', '2', '4', 'watch'],
      )
      assert.deepEqual(names(reflector), ['a', 'b', 'c', 'd', 'e'])
      server.end('gone')
      await until(() => problems.length === 1)
      await clock.advance(200)
      await server.request(9)
      assert.equal(server.requests.filter((query) => query.has('sendInitialEvents')).length, 1)
    },
    {
      pageSize: 2,
      prepare: (server) => {
        server.watchList = false
        for (const name of ['a', 'b', 'c', 'd', 'e']) server.put(name)
      },
    },
  )
})

test('a server without WatchList that has no objects of the kind is a list read to its end', async () => {
  await follow(
    async ({ server, reflector, problems, until }) => {
      await until(() => reflector.synced)
      await server.request(3)
      assert.deepEqual([names(reflector), problems], [[], []])
    },
    {
      prepare: (server) => {
        server.watchList = false
      },
    },
  )
})

test('a handler that fails does not stop the stream', async () => {
  await follow(
    async ({ server, reflector, problems, until }) => {
      await until(() => reflector.synced)
      server.put('a')
      server.put('b')
      await until(() => reflector.size === 2)
      assert.deepEqual(
        problems.map((one) => one.code),
        ['bad handler', 'bad handler'],
      )
      assert.equal(server.requests.length, 1)
    },
    {
      handler: () => {
        throw new Error('bad handler')
      },
    },
  )
})

test('older events never replace newer state: duplicated and reordered events, and our own write seen first', async () => {
  await follow(async ({ server, reflector, changes, until }) => {
    server.put('a')
    await until(() => reflector.synced && reflector.size === 1)
    reflector.put('a', { uid: 'uid-a', resourceVersion: '150' })
    const before = changes.length
    server.send(
      `${JSON.stringify({ type: 'MODIFIED', object: { metadata: { name: 'a', uid: 'uid-a', resourceVersion: '99' } } })}\n`,
    )
    server.send(
      `${JSON.stringify({ type: 'DELETED', object: { metadata: { name: 'a', uid: 'uid-a', resourceVersion: '149' } } })}\n`,
    )
    server.put('b')
    await until(() => changes.includes('+b'))
    assert.equal(changes.length, before + 1)
    assert.deepEqual(reflector.get('a'), { uid: 'uid-a', resourceVersion: '150' })
  })
})

test('the state from our own write during a list is newer than that list, and stays', async () => {
  await follow(async ({ server, clock, reflector, changes, problems, until }) => {
    await until(() => reflector.synced)
    server.put('a')
    await until(() => changes.includes('+a'))
    server.end('gone')
    await until(() => problems.length === 1)
    reflector.put('written', { uid: 'uid-written', resourceVersion: '9999' })
    await clock.advance(200)
    await until(() => changes.filter((text) => text === 'synced').length === 2)
    assert.deepEqual([names(reflector), changes.includes('-written')], [['a', 'written'], false])
  })
})

test('the event of our own write is not reported again, and the watch continues after it', async () => {
  await follow(async ({ server, clock, reflector, changes, until }) => {
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
    await clock.advance(450_000)
    server.end('clean')
    await server.request(2)
    assert.equal(server.requests.at(-1)?.get('resourceVersion'), '103')
  })
})
