import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteCollector } from '../../src/lib/byte-collector.ts'

test('the chunks of a body are returned in order, whatever their sizes', () => {
  const body = new ByteCollector()
  const pieces = [1, 0, 70_000, 3, 16_384, 16_383, 16_383, 16_383, 16_383, 1].map((length, index) => {
    return Buffer.alloc(length, index + 1)
  })
  for (const piece of pieces) body.add(piece)
  assert.equal(body.size, Buffer.concat(pieces).length)
  assert.deepEqual(body.take(), Buffer.concat(pieces))
  assert.deepEqual([body.size, body.take().length], [0, 0])
})

test('security: a server that sends single bytes costs the memory of its bytes', () => {
  const body = new ByteCollector()
  const before = process.memoryUsage()
  for (let count = 0; count < 1_000_000; count++) body.add(Buffer.from('x'))
  const after = process.memoryUsage()
  const grown = after.heapUsed + after.external - before.heapUsed - before.external
  assert.ok(grown < 64 * 1024 * 1024, `${grown} bytes`)
  assert.equal(body.take().length, 1_000_000)
})
