import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createWorkQueue,
  type WorkOutcome,
  type WorkQueue,
  type WorkQueueOptions,
} from '../../src/helper/writes/work-queue.ts'
import { createFakeClock, type FakeClock, settle } from '../kube/fake-clock.ts'

interface Fixture {
  readonly clock: FakeClock
  readonly queue: WorkQueue
  /** The keys in the order in which they were started. */
  readonly started: string[]
  /** Finishes the oldest unfinished run of this key. */
  end(key: string, outcome?: WorkOutcome): Promise<void>
}

function open(options: Partial<WorkQueueOptions> = {}): Fixture {
  const clock = createFakeClock()
  const started: string[] = []
  const inFlight = new Map<string, (outcome: WorkOutcome) => void>()
  const queue = createWorkQueue({
    clock,
    random: () => 0.5,
    concurrency: 1,
    handler: (key) => {
      started.push(key)
      return new Promise((resolve) => inFlight.set(key, resolve))
    },
    ...options,
  })
  return {
    clock,
    queue,
    started,
    async end(key, outcome = 'done') {
      inFlight.get(key)?.(outcome)
      await settle()
    },
  }
}

const NOW = { lane: 'now' } as const
const LATER = { lane: 'later' } as const

test('new keys are processed before waiting ones, and keys are deduplicated', async () => {
  const { queue, started, end } = open()
  queue.add('first', NOW)
  for (const key of ['r1', 'r2', 'r1']) queue.add(key, LATER)
  for (const key of ['n1', 'n2', 'n1', 'r2']) queue.add(key, NOW)
  assert.equal(queue.depth, 4)
  for (const key of ['first', 'n1', 'n2', 'r2', 'r1']) await end(key)
  assert.deepEqual(started, ['first', 'n1', 'n2', 'r2', 'r1'])
})

test('neither lane starves the other: one key of `later` starts after four of `now`, and only keys of `now` if no key of `later` may start', async () => {
  const { queue, started, end } = open()
  queue.add('first', NOW)
  for (let index = 0; index < 3; index += 1) queue.add(`r${index}`, LATER)
  for (let index = 0; index < 12; index += 1) queue.add(`n${index}`, NOW)
  await end('first')
  for (let index = 1; index < 16; index += 1) await end(started.at(-1) ?? '')
  const order = started.map((key) => key[0]).join('')
  assert.equal(order, 'fnnnrnnnnrnnnnrn')
})

test('failing keys occupy at most half of the workers, so that a new key does not wait for them', async () => {
  const { clock, queue, started, end } = open({ concurrency: 4 })
  const failing = ['f1', 'f2', 'f3', 'f4', 'f5', 'f6']
  for (const key of failing) queue.add(key, NOW)
  for (const key of failing) await end(key, { retry: 100 })
  started.splice(0)
  await clock.advance(100)
  assert.deepEqual(started, ['f1', 'f2'])
  queue.add('new', NOW)
  queue.add('rotated', LATER)
  assert.deepEqual(started, ['f1', 'f2', 'new', 'rotated'])
  await end('new')
  assert.equal(queue.depth, 4)
  await end('f1', { retry: 100 })
  await end('f2')
  assert.deepEqual(started.slice(4), ['f3', 'f4'])
  for (const key of ['f3', 'f4', 'f5', 'f6']) await end(key)
  assert.equal(queue.depth, 0)
})

test('a key that changes while it is being processed is processed again, but not concurrently', async () => {
  const { queue, started, end } = open({ concurrency: 4 })
  queue.add('a', NOW)
  queue.add('a', NOW)
  queue.add('a', LATER)
  assert.deepEqual(started, ['a'])
  await end('a')
  assert.deepEqual(started, ['a', 'a'])
  await end('a')
  assert.deepEqual([started.length, queue.depth, queue.active], [2, 0, 0])
})

test('a new key starts in the same turn of the event loop', () => {
  const { queue, started } = open()
  queue.add('a', NOW)
  assert.deepEqual(started, ['a'])
})

test('waiting keys are ordered by deadline and arrival', async () => {
  const { queue, started, end } = open()
  queue.add('busy', NOW)
  queue.add('late', { lane: 'later', deadline: 30 })
  queue.add('late too', { lane: 'later', deadline: 30 })
  queue.add('soon', { lane: 'later', deadline: 10 })
  queue.add('missing-2', { lane: 'later', deadline: 2 })
  queue.add('missing-1', { lane: 'later', deadline: 1 })
  for (const key of ['busy', 'missing-1', 'missing-2', 'soon', 'late', 'late too']) {
    await end(key)
  }
  assert.deepEqual(started, ['busy', 'missing-1', 'missing-2', 'soon', 'late', 'late too'])
})

test('a failing key waits longer each time, at most a minute, and a success resets the wait', async () => {
  const { queue, started, end, clock } = open()
  const waits: number[] = []
  queue.add('a', NOW)
  for (let round = 1; round <= 12; round += 1) {
    const before = clock.monotonic()
    await end('a', { retry: 'backoff' })
    while (started.length === round) await clock.next()
    waits.push(clock.monotonic() - before)
  }
  assert.deepEqual(waits, [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
  await end('a')
  queue.add('a', NOW)
  const before = clock.monotonic()
  await end('a', { retry: 'backoff' })
  await clock.next()
  assert.equal(clock.monotonic() - before, 50)
})

test('a change of a failing key ends its wait', async () => {
  const { queue, started, end } = open()
  queue.add('a', NOW)
  await end('a', { retry: 60_000 })
  assert.equal(started.length, 1)
  queue.add('a', NOW)
  assert.equal(started.length, 2)
})

test('a slowed-down queue starts nothing until the delay is over', async () => {
  const { queue, started, clock } = open()
  queue.slowDown(7_000)
  queue.add('a', NOW)
  await clock.advance(6_900)
  assert.deepEqual(started, [])
  await clock.advance(200)
  assert.deepEqual(started, ['a'])
})

test('a key is not lost if its handler throws', async () => {
  let calls = 0
  const { queue, clock } = open({
    handler: () => {
      calls += 1
      if (calls === 1) throw new Error('a bug')
      return 'done'
    },
  })
  queue.add('a', NOW)
  await clock.advance(100)
  assert.deepEqual([calls, queue.depth, queue.active], [2, 0, 0])
})

test('stop waits for the keys being processed and starts no others', async () => {
  const { queue, started, end } = open()
  queue.add('a', NOW)
  queue.add('b', NOW)
  let stopped = false
  const done = queue.stop().then(() => {
    stopped = true
  })
  await settle()
  assert.equal(stopped, false)
  await end('a')
  await done
  assert.deepEqual(started, ['a'])
})

test('no key is ever lost: after any mix of additions, completions and failures each key was processed after its last change', async () => {
  const move = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    what: fc.constantFrom('now', 'later', 'end', 'fail', 'wait'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
      const changed = new Map<string, number>()
      const done = new Map<string, number>()
      let turn = 0
      const fixture = open({ concurrency: 2, handler: (key) => handler(key) })
      const inFlight = new Map<string, (outcome: WorkOutcome) => void>()
      function handler(key: string): Promise<WorkOutcome> {
        assert.equal(inFlight.has(key), false)
        const at = ++turn
        return new Promise((resolve) => {
          inFlight.set(key, (outcome) => {
            inFlight.delete(key)
            if (outcome === 'done') done.set(key, at)
            resolve(outcome)
          })
        })
      }
      for (const { key, what } of moves) {
        if (what === 'end') inFlight.get(key)?.('done')
        else if (what === 'fail') inFlight.get(key)?.({ retry: 'backoff' })
        else if (what === 'wait') await fixture.clock.advance(20)
        else {
          changed.set(key, ++turn)
          fixture.queue.add(key, what === 'now' ? NOW : LATER)
        }
      }
      await settle()
      for (
        let round = 0;
        round < 20 && (fixture.queue.depth > 0 || inFlight.size > 0 || fixture.clock.timers > 0);
        round += 1
      ) {
        for (const end of [...inFlight.values()]) end('done')
        await fixture.clock.advance(60_000)
      }
      for (const [key, at] of changed) assert.ok((done.get(key) ?? 0) > at, `${key} was changed at ${at}`)
    }),
    { numRuns: 150 },
  )
})

test('a stopped queue leaves no timer, so that a reload keeps nothing of the earlier configuration in memory', async () => {
  const { clock, queue, end } = open({ concurrency: 2 })
  queue.addAfter('rare', 600_000)
  queue.add('failing', { lane: 'now' })
  await end('failing', { retry: 600_000 })
  queue.slowDown(5_000)
  queue.add('waiting', { lane: 'now' })
  assert.ok(clock.timers >= 3)
  await queue.stop()
  assert.equal(clock.timers, 0)
})

test('the observer receives each key’s wait since it was first added, its processing time, and each retry', async () => {
  const told: (string | number)[][] = []
  const note =
    (what: string) =>
    (...values: number[]): void =>
      void told.push([what, ...values])
  const { queue, clock, end } = open({
    observer: { added: note('added'), started: note('started'), finished: note('finished'), retried: note('retried') },
  })
  queue.add('busy', NOW)
  await clock.advance(100)
  queue.add('a', LATER)
  await clock.advance(20)
  // The key is more urgent now, but its wait counts from the first time it was added.
  queue.add('a', NOW)
  queue.add('a', NOW)
  await clock.advance(30)
  await end('busy')
  await clock.advance(7)
  await end('a', { retry: 1_000 })
  await clock.advance(1_000)
  await end('a')
  assert.deepEqual(told, [
    ['added'],
    ['started', 0],
    ['added'],
    ['added'],
    ['finished', 150],
    ['started', 50],
    ['finished', 7],
    ['retried'],
    ['added'],
    ['started', 0],
    ['finished', 0],
  ])
})

test('a waiting key can become more urgent, but never less urgent', async () => {
  for (const [first, second, added] of [
    [NOW, LATER, 1],
    [NOW, NOW, 1],
    [LATER, LATER, 1],
    [LATER, NOW, 2],
  ] as const) {
    let adds = 0
    const nothing = (): void => undefined
    const observer = { added: () => adds++, started: nothing, finished: nothing, retried: nothing }
    const { queue } = open({ observer })
    queue.add('busy', NOW)
    queue.add('a', first)
    queue.add('a', second)
    assert.deepEqual([adds - 1, queue.depth], [added, 1], JSON.stringify([first, second]))
  }
})

test('a key whose handler rejects is tried again', async () => {
  let calls = 0
  const { queue, clock } = open({
    handler: async (): Promise<WorkOutcome> => {
      calls += 1
      if (calls === 1) throw new Error('a bug')
      return 'done'
    },
  })
  queue.add('a', NOW)
  await clock.advance(100)
  assert.deepEqual([calls, queue.depth, queue.active], [2, 0, 0])
})

test('keys that a handler adds are started after it and in order', async () => {
  const started: string[] = []
  const { queue } = open({
    concurrency: 4,
    handler: (key) => {
      started.push(`${key} begins`)
      if (key === 'a') for (const next of ['b', 'c']) queue.add(next, NOW)
      started.push(`${key} ends`)
      return 'done'
    },
  })
  queue.add('a', NOW)
  assert.deepEqual(
    started,
    ['a', 'b', 'c'].flatMap((key) => [`${key} begins`, `${key} ends`]),
  )
})

test('a second delay of a key replaces the first, and a key that is added meanwhile is processed once', async () => {
  const { queue, started, clock, end } = open()
  queue.addAfter('a', 1_000)
  queue.addAfter('a', 3_000)
  await clock.advance(2_999)
  assert.deepEqual([started, clock.timers], [[], 1])
  await clock.advance(1)
  assert.deepEqual([started, clock.timers], [['a'], 0])
  await end('a')
  queue.addAfter('a', 1_000)
  queue.add('a', NOW)
  await end('a')
  await clock.advance(1_000)
  assert.deepEqual([started, clock.timers], [['a', 'a'], 0])
})

test('a stopped queue accepts no more keys, and drops the waiting keys', async () => {
  const { queue, started, clock, end } = open()
  queue.add('a', NOW)
  queue.add('b', NOW)
  const stopped = queue.stop()
  assert.equal(queue.depth, 0)
  queue.add('c', NOW)
  queue.addAfter('d', 100)
  await end('a', { retry: 100 })
  await stopped
  await clock.advance(1_000)
  assert.deepEqual([started, queue.depth, queue.active, clock.timers], [['a'], 0, 0, 0])
})
