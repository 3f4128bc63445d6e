import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWatchParser } from '../../src/kube/watch/watch-stream.ts'

test('a watch reports that it broke in the middle of an event', () => {
  const parser = createWatchParser()
  assert.deepEqual(
    [...parser.push(Buffer.from('{"type":"ADDED","object":{}}\n{"type":"ADD'))],
    [{ type: 'ADDED', object: {} }],
  )
  assert.equal(parser.end().cut, true)
})

test('an endless line does not fill the memory', () => {
  const parser = createWatchParser(1000)
  assert.deepEqual([...parser.push(Buffer.alloc(900, 'a'))], [])
  assert.throws(() => [...parser.push(Buffer.alloc(200, 'a'))], { code: 'KUBE_BAD_ANSWER' })
})
