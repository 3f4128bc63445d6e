import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reflector } from '../../src/kube/watch/reflector.ts'
import { eventually } from '../support/eventually.ts'
import type { FakeListServer } from './fake-list-server.ts'
import { follow, type View } from './followed-reflector.ts'

const names = (reflector: Reflector<View>): string[] => [...reflector.entries()].map(([key]) => key).sort()

const problemsOf = (how: 'reset' | 'clean'): { n: number; code: string }[] =>
  [...(how === 'reset' ? ['KUBE_UNREACHABLE'] : []), 'KUBE_EXPIRED'].map((code, index) => ({ n: index + 1, code }))

test('a broken watch continues within 150 ms from the last known version, after a list of one object', async () => {
  await follow(async ({ server, clock, reflector, changes, problems, until }) => {
    server.put('a')
    await until(() => reflector.synced && reflector.size === 1)
    server.end('reset')
    await until(() => problems.length === 1)
    assert.deepEqual(problems, [{ code: 'KUBE_UNREACHABLE', wait: 100 }])
    await clock.advance(100)
    await server.request(3)
    assert.equal(server.requests[1]?.get('limit'), '1')
    assert.equal(server.requests[2]?.get('resourceVersion'), '101')
    server.put('b')
    await until(() => changes.includes('+b'))
    assert.equal(server.requests.length, 3)
  })
})

test('a watch that the server ends at its timeout is opened again immediately, without another request', async () => {
  await follow(async ({ server, clock, reflector, until, problems }) => {
    await until(() => reflector.synced)
    await clock.advance(450_000)
    server.end('clean')
    await server.request(2)
    assert.equal(server.requests[1]?.get('resourceVersion'), '100')
    assert.deepEqual(problems, [])
  })
})

test('410 results in a new list, which finds the objects that were deleted meanwhile', async () => {
  await follow(async ({ server, clock, reflector, changes, problems, until }) => {
    server.put('a')
    server.put('b')
    await until(() => changes.length >= 3)
    server.end('gone')
    server.remove('a')
    await until(() => problems.length === 1)
    await clock.advance(200)
    await server.request(2)
    await until(() => changes.includes('-a'))
    assert.deepEqual(names(reflector), ['b'])
    assert.equal(server.requests[1]?.get('sendInitialEvents'), 'true')
  })
})

test('a version that the server cannot watch from is given up, however it reports that', async () => {
  for (const status of [{ reason: 'Expired' }, { code: 500, reason: 'InternalError' }, {}]) {
    await follow(async ({ server, clock, changes, until, reflector }) => {
      server.put('a')
      await until(() => changes.includes('+a'))
      const lists = (): number => server.requests.filter((query) => query.get('sendInitialEvents') === 'true').length
      // From this version on, every watch ends with the same event.
      for (let round = 0; round < 2 && lists() === 1; round += 1) {
        const count = server.requests.length
        server.send(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', ...status } })}\n`)
        await eventually(() => assert.equal(server.watching, 0))
        await clock.advance(2_000)
        await server.request(count + 1)
        await eventually(() => assert.equal(server.watching, 1))
      }
      assert.equal(lists(), 2)
      assert.equal(reflector.synced, true)
    })
  }
})

test('a stalled stream is closed: after two missed bookmarks, or at the end of its whole time', async () => {
  await follow(async ({ server, clock, reflector, problems, until }) => {
    server.put('a')
    await until(() => reflector.synced && reflector.size === 1)
    await clock.advance(454_000)
    assert.equal(problems.length, 0)
    await clock.advance(2_000)
    await until(() => problems.length === 1)
    assert.equal(problems[0]?.code, 'KUBE_TIMEOUT')
    await clock.advance(200)
    await server.request(2)
    await until(() => server.watching === 1)
    server.bookmark()
    server.put('b')
    await until(() => reflector.size === 2)
    await clock.advance(151_000)
    await until(() => problems.length === 2)
  })
})

test('waits grow from 0.1 s over 0.8 s to 30 s, obey Retry-After, and start over after two minutes without failures', async () => {
  await follow(
    async ({ server, clock, reflector, problems, until }) => {
      for (let n = 1; n <= 9; n += 1) {
        await until(() => problems.length === n)
        await clock.next()
      }
      assert.deepEqual(
        problems.map((one) => one.wait),
        [100, 1200, 2400, 4800, 9600, 19_200, 30_000, 30_000, 60_000],
      )
      await until(() => reflector.synced)
      await clock.advance(130_000)
      server.end('reset')
      await until(() => problems.length === 10)
      assert.equal(problems[9]?.wait, 100)
    },
    {
      prepare: (server) => {
        for (let n = 1; n <= 8; n += 1) server.faults.push({ kind: 'watch', status: 500 })
        server.faults.push({ kind: 'watch', status: 429, retryAfter: 60 })
      },
    },
  )
})

test('a network that cuts every idle stream after a minute never causes long waits', async () => {
  await follow(async ({ server, clock, reflector, problems, until }) => {
    await until(() => reflector.synced)
    for (let cuts = 1; cuts <= 5; cuts += 1) {
      await until(() => server.watching === 1)
      await clock.advance(60_000)
      server.end('reset')
      await until(() => problems.length === cuts)
      await clock.advance(200)
      // A list of one object is requested first.
      await server.request(2 * cuts + 1)
    }
    assert.deepEqual(
      problems.map(({ wait }) => wait),
      [100, 100, 100, 100, 100],
    )
  })
})

test('a server that is down, or that disconnects immediately, is called less and less often', async () => {
  await follow(async ({ server, clock, reflector, problems, until }) => {
    await until(() => reflector.synced)
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      await until(() => server.watching === 1)
      await clock.advance(5_000)
      server.end('reset')
      await until(() => problems.length === cuts)
      await clock.next()
      await server.request(2 * cuts + 1)
    }
    assert.deepEqual(
      problems.map(({ wait }) => wait),
      [100, 1200, 2400],
    )
  })
})

test('a watch that the server ends at once, without an error and without an event, is followed by pauses', async () => {
  await follow(async ({ server, clock, reflector, problems, until }) => {
    await until(() => reflector.synced)
    await clock.advance(450_000)
    server.end('clean')
    await server.request(2)
    for (let ends = 1; ends <= 2; ends += 1) {
      await until(() => server.watching === 1)
      server.end('clean')
      await until(() => problems.length === ends)
      const count = server.requests.length
      await clock.next()
      await server.request(count + 2)
    }
    assert.deepEqual(problems, [
      { code: 'KUBE_UNREACHABLE', wait: 100 },
      { code: 'KUBE_UNREACHABLE', wait: 1200 },
    ])
  })
})

test('a stream that is not a watch is closed and retried, like any other failure', async () => {
  await follow(async ({ server, clock, reflector, problems, until }) => {
    await until(() => reflector.synced)
    server.send('<html>\n')
    await until(() => problems.length === 1)
    assert.equal(problems[0]?.code, 'KUBE_BAD_ANSWER')
    await clock.advance(200)
    await server.request(2)
  })
})

for (const watchList of [true, false]) {
  const by = watchList ? 'by WatchList' : 'in pages'
  test(`an API server restored from a backup is listed again ${by} and trusted`, async () => {
    const prepare = (server: FakeListServer): void => {
      server.watchList = watchList
    }
    await follow(
      async ({ server, clock, reflector, changes, problems, until }) => {
        for (const name of ['a', 'b', 'c']) server.put(name)
        await until(() => reflector.synced && reflector.size === 3)
        // In pages, there are three requests: the refused WatchList, the list, the watch.
        await server.request(watchList ? 1 : 3)
        // The changes after the backup are lost.
        server.restore(90)
        server.end('gone')
        server.remove('b')
        server.put('a', 'uid-2')
        // First the watch ends. The next list shows lower versions, and the list after it is
        // trusted.
        for (const n of [1, 2]) {
          await until(() => problems.length === n)
          await clock.next()
        }
        await until(() => changes.includes('-b'))
        assert.deepEqual(names(reflector), ['a', 'c'])
        assert.deepEqual([reflector.get('a')?.uid, reflector.get('a')?.resourceVersion], ['uid-2', '15'])
        assert.equal(reflector.get('c')?.resourceVersion, '13')
        assert.ok(problems.every(({ code }) => code === 'KUBE_EXPIRED'))
      },
      { prepare },
    )
  })
}

test('a server that comes back with an older state is not watched from a version that it has not reached', async () => {
  await follow(async ({ server, clock, reflector, changes, problems, until, rewound }) => {
    for (const name of ['a', 'b']) server.put(name)
    await until(() => reflector.synced && reflector.size === 2)
    server.faults.push({ kind: 'list', status: 503 })
    server.restore(50)
    server.end('reset')
    for (const n of [1, 2, 3]) {
      await until(() => problems.length === n)
      await clock.next()
    }
    // This object was written below the known version, so a watch from there would never report it.
    server.put('c')
    await until(() => changes.includes('+c'))
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['KUBE_UNREACHABLE', 'KUBE_SERVER_ERROR', 'KUBE_EXPIRED'],
    )
    assert.deepEqual([reflector.get('a')?.resourceVersion, rewound.length], ['51', 1])
  })
})

for (const how of ['reset', 'clean'] as const) {
  test(`a server that comes back immediately with an older state, after a ${how} end of the watch, is noticed before it has passed the known version`, async () => {
    await follow(async ({ server, clock, reflector, changes, problems, until, rewound }) => {
      for (const name of ['a', 'b']) server.put(name)
      await until(() => reflector.synced && reflector.size === 2)
      await until(() => server.watching === 1)
      await clock.advance(120_000)
      server.restore(50)
      server.end(how)
      for (const { n } of problemsOf(how)) {
        await until(() => problems.length === n)
        await clock.next()
      }
      await until(() => reflector.get('a')?.resourceVersion === '51')
      assert.deepEqual(
        problems.map(({ code }) => code),
        problemsOf(how).map(({ code }) => code),
      )
      assert.deepEqual([changes.includes('~a'), rewound.length], [true, 1])
    })
  })
}

test('a server whose older state has passed the known version is noticed by an object that should be known', async () => {
  await follow(async ({ server, clock, reflector, problems, until, rewound }) => {
    for (const name of ['a', 'b']) server.put(name)
    await until(() => reflector.synced && reflector.size === 2)
    server.end('reset')
    await until(() => problems.length === 1)
    server.restore(2)
    for (const name of ['a', 'a']) server.put(name)
    await clock.next()
    await until(() => problems.length === 2)
    assert.deepEqual([problems[1]?.code, rewound.length], ['KUBE_EXPIRED', 1])
    await clock.next()
    await until(() => reflector.get('b')?.resourceVersion === '100')
  })
})

test('after ten seconds without the server everything is listed again and trusted, whatever the versions are by then', async () => {
  await follow(async ({ server, clock, reflector, changes, problems, until }) => {
    for (const name of ['a', 'b', 'c']) server.put(name)
    await until(() => reflector.synced && reflector.size === 3)
    server.end('reset')
    await until(() => problems.length === 1)
    for (let n = 0; n < 4; n += 1) server.faults.push({ kind: 'list', status: 503 })
    // The first object is the same, `b` has an older version, and the server's version is above all
    // known versions.
    for (const name of ['c', 'c']) server.put(name)
    server.age('b')
    for (let n = 1; n <= 5; n += 1) {
      await until(() => problems.length === n)
      await clock.next()
    }
    await until(() => reflector.get('b')?.resourceVersion === '92')
    assert.deepEqual(changes.includes('~b'), true)
  })
})

for (const watchList of [true, false]) {
  const by = watchList ? 'by WatchList' : 'in pages'
  const prepare = (server: FakeListServer): void => {
    server.watchList = watchList
  }
  test(`after an outage the list is also trusted if the version was lost before it (${by})`, async () => {
    await follow(
      async ({ server, clock, reflector, changes, problems, until }) => {
        for (const name of ['a', 'b']) server.put(name)
        await until(() => reflector.synced && reflector.size === 2)
        // In pages, there are three requests: the refused WatchList, the list, the watch.
        await server.request(watchList ? 1 : 3)
        const before = problems.length
        for (let n = 0; n < 5; n += 1) server.faults.push({ kind: watchList ? 'watch' : 'list', status: 503 })
        server.end('gone')
        server.put('c')
        for (let n = before + 1; n <= before + 6; n += 1) {
          await until(() => problems.length === n)
          await clock.next()
        }
        await until(() => reflector.get('c') !== undefined)
        // Another history may have a different object with the same version.
        assert.deepEqual([changes.includes('~a'), changes.includes('~b')], [true, true])
      },
      { prepare },
    )
  })

  test(`a list that is newer than the known version but has an older object is from another history (${by})`, async () => {
    await follow(
      async ({ server, clock, reflector, problems, until, rewound }) => {
        for (const name of ['a', 'b']) server.put(name)
        await until(() => reflector.synced && reflector.size === 2)
        await server.request(watchList ? 1 : 3)
        const before = problems.length
        server.age('b')
        server.put('c')
        server.end('gone')
        for (const n of [1, 2]) {
          await until(() => problems.length === before + n)
          await clock.next()
        }
        await until(() => reflector.get('b')?.resourceVersion === '92')
        assert.equal(rewound.length, 1)
      },
      { prepare },
    )
  })

  test(`a list with an object whose deletion was seen is from another history (${by})`, async () => {
    await follow(
      async ({ server, clock, reflector, changes, problems, until, rewound }) => {
        for (const name of ['a', 'b']) server.put(name)
        await until(() => reflector.synced && reflector.size === 2)
        await server.request(watchList ? 1 : 3)
        server.remove('b')
        await until(() => changes.includes('-b'))
        const before = problems.length
        server.end('gone')
        await until(() => problems.length === before + 1)
        server.put('b')
        server.age('b')
        for (const n of [1, 2]) {
          await until(() => problems.length === before + n)
          await clock.next()
        }
        await until(() => reflector.get('b')?.resourceVersion === '94')
        assert.equal(rewound.length, 1)
      },
      { prepare },
    )
  })

  test(`a list that is older than the response to our own write is not from another history (${by})`, async () => {
    await follow(
      async ({ server, clock, reflector, problems, until, rewound }) => {
        for (const name of ['a', 'b']) server.put(name)
        await until(() => reflector.synced && reflector.size === 2)
        await server.request(watchList ? 1 : 3)
        const before = problems.length
        server.end('gone')
        await until(() => problems.length === before + 1)
        reflector.put('b', { uid: 'uid-b', resourceVersion: '104' })
        server.put('c')
        await clock.next()
        await until(() => reflector.get('c') !== undefined)
        await server.request(watchList ? 2 : 5)
        server.put('d')
        await until(() => reflector.get('d') !== undefined)
        assert.deepEqual([reflector.get('b')?.resourceVersion, rewound], ['104', []])
      },
      { prepare },
    )
  })
}

test('a stream that starts in the past, with a change or a deletion before its bookmark, is not from another history', async () => {
  await follow(async ({ server, clock, reflector, problems, until, rewound }) => {
    for (const name of ['a', 'b']) server.put(name)
    await until(() => reflector.synced && reflector.size === 2)
    server.end('gone')
    await until(() => problems.length === 1)
    for (const name of ['a', 'b']) server.put(name)
    for (const name of ['a', 'b']) {
      server.lag(name)
      reflector.put(name, { uid: `uid-${name}`, resourceVersion: name === 'a' ? '103' : '104' })
    }
    server.remove('b')
    server.put('c')
    await clock.next()
    await until(() => reflector.get('c') !== undefined)
    await server.request(2)
    server.put('d')
    await until(() => reflector.get('d') !== undefined)
    assert.deepEqual([names(reflector), rewound], [['a', 'c', 'd'], []])
  })
})

test('a reflector that is notified of a rewind lists again, without a pause, and trusts the result', async () => {
  await follow(async ({ server, clock, reflector, changes, problems, until, rewound }) => {
    for (const name of ['a', 'b']) server.put(name)
    await until(() => reflector.synced && reflector.size === 2)
    // The test also covers the pause after a failure.
    server.faults.push({ kind: 'watch', status: 503, retryAfter: 600 })
    server.end('reset')
    await until(() => problems.length === 1)
    await clock.next()
    await until(() => problems.length === 2)
    server.restore(50)
    reflector.rewind()
    await until(() => reflector.get('a')?.resourceVersion === '51')
    server.put('c')
    await until(() => changes.includes('+c'))
    assert.deepEqual(rewound, [])
  })
})

for (const watchList of [true, false]) {
  const how = watchList ? 'one stream' : 'pages'
  test(`a rewind during a list (by ${how}) starts the list again, and later reports no further restore`, async () => {
    let rewindOnce = (): void => undefined
    await follow(
      async ({ server, clock, reflector, changes, problems, until, rewound }) => {
        rewindOnce = () => {
          rewindOnce = () => undefined
          // The object that was already listed no longer exists.
          server.remove('a')
          server.restore(50)
          reflector.rewind()
        }
        await until(() => reflector.synced)
        assert.deepEqual(names(reflector), ['b', 'c', 'd'])
        assert.deepEqual(problems.slice(-1), [{ code: 'KUBE_EXPIRED', wait: 100 }])
        const before = problems.length
        await server.request(watchList ? 2 : 5)
        server.end('reset')
        await until(() => problems.length > before)
        await clock.advance(problems.at(-1)?.wait ?? 0)
        // A list of one object comes first, then the watch.
        await server.request(watchList ? 4 : 7)
        server.put('e')
        await until(() => changes.includes('+e'))
        assert.deepEqual([names(reflector), rewound], [['b', 'c', 'd', 'e'], []])
      },
      {
        pageSize: 2,
        handler: (key) => (key === 'b' ? rewindOnce() : undefined),
        prepare: (server) => {
          server.watchList = watchList
          for (const name of ['a', 'b', 'c', 'd']) server.put(name)
        },
      },
    )
  })
}

test('the late response to our own write of an object that was deleted before the last event does not restore it', async () => {
  await follow(async ({ server, reflector, until }) => {
    server.put('a')
    server.remove('a')
    server.put('b')
    await until(() => reflector.synced && reflector.get('b') !== undefined)
    reflector.put('a', { uid: 'uid-a', resourceVersion: '101' })
    assert.deepEqual(names(reflector), ['b'])
    reflector.put('c', { uid: 'uid-c', resourceVersion: '104' })
    assert.deepEqual(names(reflector), ['b', 'c'])
  })
})

test('an event before a known line and a broken one in the same chunk is not lost', async () => {
  await follow(async ({ server, clock, reflector, changes, problems, until }) => {
    server.put('known')
    await until(() => reflector.synced && reflector.size === 1)
    const line = (name: string, version: string): string => {
      const metadata = `{"name":"${name}","uid":"uid-${name}","resourceVersion":"${version}"}`
      return `{"type":"ADDED","object":{"kind":"Namespace","apiVersion":"v1","metadata":${metadata}}}\n`
    }
    // The response to our own write came first, so the watch's line about the object is already
    // known.
    reflector.put('own', { uid: 'uid-own', resourceVersion: '103' })
    server.send(`${line('lost', '102')}${line('own', '103')}<html>\n`)
    await until(() => problems.length === 1)
    assert.ok(changes.includes('+lost'), changes.join())
    // Sets the server to the versions of these lines.
    for (const name of ['lost', 'own']) server.put(name)
    await clock.advance(200)
    await server.request(3)
    assert.equal(server.requests[2]?.get('resourceVersion'), '103')
  })
})
