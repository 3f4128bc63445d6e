import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createWatchParser, type WatchEvent } from '../../src/kube/watch/watch-stream.ts'
import { fuzz } from '../support/fuzz.ts'

const event = fc.record({
  type: fc.constantFrom(
    'ADDED' as const,
    'MODIFIED' as const,
    'DELETED' as const,
    'BOOKMARK' as const,
    'ERROR' as const,
  ),
  object: fc.record({
    kind: fc.string({ unit: 'binary' }),
    metadata: fc.record({ name: fc.string({ unit: 'grapheme' }) }),
  }),
})

test('a watch reads the same events however the bytes are split', async (t) => {
  await fuzz(
    t,
    'watch-frames',
    fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 12 }), (events, cuts) => {
      const bytes = Buffer.from(events.map((one) => `${JSON.stringify(one)}\n`).join(''))
      const positions = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b)
      const parser = createWatchParser<unknown>()
      const read: WatchEvent<unknown>[] = []
      let from = 0
      for (const to of [...positions, bytes.length]) {
        read.push(...parser.push(bytes.subarray(from, to)))
        from = to
      }
      assert.deepEqual(read, JSON.parse(JSON.stringify(events)))
      assert.equal(parser.end().cut, false)
    }),
    500,
  )
})

test('a watch of anything but events ends with KUBE_BAD_ANSWER, never with a crash', async (t) => {
  await fuzz(
    t,
    'watch-garbage',
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const parser = createWatchParser()
      try {
        for (const one of parser.push(Buffer.concat([bytes, Buffer.from('\n')])))
          assert.equal(typeof one.object, 'object')
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'KUBE_BAD_ANSWER')
      }
    }),
    1000,
  )
  for (const line of ['[]', 'null', '{"type":"ADDED"}', '{"type":"OTHER","object":{}}', '<html>']) {
    assert.throws(() => [...createWatchParser().push(Buffer.from(`${line}\n`))], { code: 'KUBE_BAD_ANSWER' })
  }
})
