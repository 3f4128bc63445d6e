import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createDeadlineHeap, type Waiting } from '../../src/helper/writes/deadline-heap.ts'

const items = fc.array(fc.record({ deadline: fc.integer({ min: -3, max: 3 }) }), { maxLength: 40 })

/** Orders by deadline, then by arrival. */
const inOrder = (waiting: readonly Waiting[]): Waiting[] =>
  waiting.toSorted((a, b) => a.deadline - b.deadline || a.order - b.order)

test('the most urgent key is always the next, in whatever order keys are added', () => {
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
