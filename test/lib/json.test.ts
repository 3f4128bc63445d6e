import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createShare } from '../../src/lib/json.ts'

const list = (text: string): string[] => [text]

test('equal values are shared, even after more different ones than are kept', () => {
  const share = createShare(100)
  for (let n = 0; n < 250; n += 1) {
    const first = share(list(String(n)))
    assert.equal(share(list(String(n))), first)
  }
})

test('a long value, which another client may have written, is not kept', () => {
  const share = createShare(100)
  const long = () => list('x'.repeat(5_000))
  const first = share(long())
  assert.notEqual(share(long()), first)
  assert.deepEqual(share(long()), first)
})

test('undefined stays undefined', () => {
  assert.equal(createShare(1)(undefined), undefined)
})

test('a long value is shared only if that is requested', () => {
  const long = (): string[] => Array.from({ length: 300 }, (_, index) => `account-${index}`)
  const [usual, unlimited] = [createShare(10), createShare(10, Number.POSITIVE_INFINITY)]
  usual(long())
  const kept = unlimited(long())
  const copy = long()
  assert.equal(usual(copy), copy)
  assert.equal(unlimited(copy), kept)
})
