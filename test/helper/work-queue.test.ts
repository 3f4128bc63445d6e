import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPacer, rotationRate } from '../../src/helper/writes/pacer.ts'
import {
  createWorkQueue,
  type Outcome,
  type WorkQueue,
  type WorkQueueOptions,
} from '../../src/helper/writes/work-queue.ts'
import { createFakeClock, type FakeClock, settle } from '../kube/fake-clock.ts'

interface Bench {
  readonly clock: FakeClock
  readonly queue: WorkQueue
  /** Keys in the order in which they were begun. */
  readonly begun: string[]
  /** Ends the oldest one being processed with this key. */
  end(key: string, outcome?: Outcome): Promise<void>
}

function open(options: Partial<WorkQueueOptions> = {}): Bench {
  const clock = createFakeClock()
  const begun: string[] = []
  const inFlight = new Map<string, (outcome: Outcome) => void>()
  const queue = createWorkQueue({
    clock,
    random: () => 0.5,
    concurrency: 1,
    pacer: createPacer(1000),
    handler: (key) => {
      begun.push(key)
      return new Promise((resolve) => inFlight.set(key, resolve))
    },
    ...options,
  })
  return {
    clock,
    queue,
    begun,
    async end(key, outcome = 'done') {
      inFlight.get(key)?.(outcome)
      await settle()
    },
  }
}

const NOW = { lane: 'now' } as const
const LATER = { lane: 'later' } as const

test('what is new goes ahead of what was waiting, and each key is there once', async () => {
  const { queue, begun, end } = open()
  queue.add('first', NOW)
  for (const key of ['r1', 'r2', 'r1']) queue.add(key, LATER)
  for (const key of ['n1', 'n2', 'n1', 'r2']) queue.add(key, NOW)
  assert.equal(queue.depth, 4)
  for (const key of ['first', 'n1', 'n2', 'r2', 'r1']) await end(key)
  assert.deepEqual(begun, ['first', 'n1', 'n2', 'r2', 'r1'])
})

test('M7 neither lane starves the other: one of later for every four of now, and all of now when nothing else may start', async () => {
  const { queue, begun, end } = open()
  queue.add('first', NOW)
  for (let index = 0; index < 3; index += 1) queue.add(`r${index}`, LATER)
  for (let index = 0; index < 12; index += 1) queue.add(`n${index}`, NOW)
  await end('first')
  for (let index = 1; index < 16; index += 1) await end(begun.at(-1) ?? '')
  const order = begun.map((key) => key[0]).join('')
  assert.equal(order, 'fnnnrnnnnrnnnnrn')
})

test('keys that fail occupy at most half of the workers: a new key does not wait until they have failed again', async () => {
  const { clock, queue, begun, end } = open({ concurrency: 4 })
  const failing = ['f1', 'f2', 'f3', 'f4', 'f5', 'f6']
  for (const key of failing) queue.add(key, NOW)
  for (const key of failing) await end(key, { retry: 100 })
  begun.splice(0)
  await clock.advance(100)
  assert.deepEqual(begun, ['f1', 'f2'])
  queue.add('new', NOW)
  queue.add('rotated', LATER)
  assert.deepEqual(begun, ['f1', 'f2', 'new', 'rotated'])
  await end('new')
  assert.equal(queue.depth, 4)
  await end('f1', { retry: 100 })
  await end('f2')
  assert.deepEqual(begun.slice(4), ['f3', 'f4'])
  for (const key of ['f3', 'f4', 'f5', 'f6']) await end(key)
  assert.equal(queue.depth, 0)
})

test('a key that changes while it is being processed is processed once more, not concurrently', async () => {
  const { queue, begun, end } = open({ concurrency: 4 })
  queue.add('a', NOW)
  queue.add('a', NOW)
  queue.add('a', LATER)
  assert.deepEqual(begun, ['a'])
  await end('a')
  assert.deepEqual(begun, ['a', 'a'])
  await end('a')
  assert.deepEqual([begun.length, queue.depth, queue.active], [2, 0, 0])
})

test('a new key starts in the same turn of the event loop', () => {
  const { queue, begun } = open()
  queue.add('a', NOW)
  assert.deepEqual(begun, ['a'])
})

test('refreshes go by the soonest expiry, behind what is not paced', async () => {
  const { queue, begun, end, clock } = open()
  queue.add('busy', NOW)
  queue.add('late', { lane: 'later', deadline: 30, paced: true })
  queue.add('soon', { lane: 'later', deadline: 10, paced: true })
  queue.add('missing-2', { lane: 'later', deadline: 2 })
  queue.add('missing-1', { lane: 'later', deadline: 1 })
  for (const key of ['busy', 'missing-1', 'missing-2', 'soon', 'late']) {
    await end(key)
    await clock.advance(1)
  }
  assert.deepEqual(begun, ['busy', 'missing-1', 'missing-2', 'soon', 'late'])
})

test('paced keys start evenly, and a new one need not wait for them', async () => {
  const { queue, begun, clock } = open({ concurrency: 100, pacer: createPacer(50), handler: (key) => begunBy(key) })
  const times: [string, number][] = []
  function begunBy(key: string): Outcome {
    times.push([key, clock.monotonic()])
    return 'done'
  }
  for (let index = 0; index < 10; index += 1) queue.add(`r${index}`, { lane: 'later', paced: true, deadline: index })
  await clock.advance(50)
  queue.add('new', NOW)
  await clock.advance(1000)
  const at = new Map(times)
  assert.equal(at.get('new'), 50)
  // Three of the ten are the burst that a pause saves up.
  assert.equal(at.get('r9'), 130)
  assert.deepEqual(begun, [])
})

test('a failing key waits longer each time, at most a minute, and starts over after a success', async () => {
  const { queue, begun, end, clock } = open()
  const waits: number[] = []
  queue.add('a', NOW)
  for (let round = 1; round <= 12; round += 1) {
    const before = clock.monotonic()
    await end('a', { retry: 'backoff' })
    while (begun.length === round) await clock.next()
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

test('news of a failing key ends its wait', async () => {
  const { queue, begun, end } = open()
  queue.add('a', NOW)
  await end('a', { retry: 60_000 })
  assert.equal(begun.length, 1)
  queue.add('a', NOW)
  assert.equal(begun.length, 2)
})

test('a slowed-down queue starts nothing until the time is over', async () => {
  const { queue, begun, clock } = open()
  queue.slowDown(7_000)
  queue.add('a', NOW)
  await clock.advance(6_900)
  assert.deepEqual(begun, [])
  await clock.advance(200)
  assert.deepEqual(begun, ['a'])
})

test('a handler that throws loses its key to nobody', async () => {
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

test('stop waits for keys being processed and starts nothing more', async () => {
  const { queue, begun, end } = open()
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
  assert.deepEqual(begun, ['a'])
})

test('nothing is ever lost: after any mix of adds, ends and failures each key was done after its last change', async () => {
  const move = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    what: fc.constantFrom('now', 'later', 'paced', 'end', 'fail', 'wait'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
      const changed = new Map<string, number>()
      const done = new Map<string, number>()
      let turn = 0
      const bench = open({ concurrency: 2, handler: (key) => handler(key) })
      const inFlight = new Map<string, (outcome: Outcome) => void>()
      function handler(key: string): Promise<Outcome> {
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
        else if (what === 'wait') await bench.clock.advance(20)
        else {
          changed.set(key, ++turn)
          bench.queue.add(key, what === 'now' ? NOW : { lane: 'later', paced: what === 'paced' })
        }
      }
      await settle()
      for (
        let round = 0;
        round < 20 && (bench.queue.depth > 0 || inFlight.size > 0 || bench.clock.timers > 0);
        round += 1
      ) {
        for (const end of [...inFlight.values()]) end('done')
        await bench.clock.advance(60_000)
      }
      for (const [key, at] of changed) assert.ok((done.get(key) ?? 0) > at, `${key} was changed at ${at}`)
    }),
    { numRuns: 150 },
  )
})

test('the rate of a rotation is what values say, but never below what a tenth of the life needs', () => {
  assert.equal(rotationRate(50, 1000, 3_600_000), 50)
  assert.equal(rotationRate(50, 36_000, 3_600_000), 100)
  assert.equal(rotationRate(50, 1000, 60_000), 1000 / 6)
  assert.equal(rotationRate(50, 1000, 0), 50)
})
