import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createDeadlineHeap, type Waiting } from '../../src/helper/writes/deadline-heap.ts'

const items = fc.array(fc.record({ paced: fc.boolean(), deadline: fc.integer({ min: -3, max: 3 }) }), { maxLength: 40 })

/** Unpaced before paced, then the earliest deadline, then the first to arrive. */
const inOrder = (waiting: readonly Waiting[]): Waiting[] =>
  waiting.toSorted((a, b) => Number(a.paced) - Number(b.paced) || a.deadline - b.deadline || a.order - b.order)

test('whatever is added when, the most urgent key is the next', () => {
  fc.assert(
    fc.property(items, fc.array(fc.boolean()), (added, pops) => {
      const heap = createDeadlineHeap()
      let expected: Waiting[] = []
      for (const [order, item] of added.entries()) {
        const waiting = { ...item, key: String(order), order }
        heap.push(waiting)
        expected = inOrder([...expected, waiting])
        if (pops[order]) assert.equal(heap.pop(), expected.shift())
        assert.deepEqual([heap.peek(), heap.size], [expected[0], expected.length])
      }
      for (const waiting of expected) assert.equal(heap.pop(), waiting)
      assert.deepEqual([heap.pop(), heap.peek(), heap.size], [undefined, undefined, 0])
    }),
  )
})
