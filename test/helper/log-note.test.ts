import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatNote, parseNote } from '../../src/helper/plan/log-note.ts'

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/)
const number = fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { nil: undefined })

test('a note names the log of its numbers, and the credentials that were in no log', () => {
  const entries = [{ name: 'b', number: 3 }, { name: 'a' }]
  assert.equal(formatNote('uid', entries), 'uid a=unlogged,b=3')
  assert.equal(formatNote('', entries), '- a=unlogged,b=3')
  fc.assert(
    fc.property(fc.oneof(fc.uuid(), fc.constant('')), fc.dictionary(name, number, { minKeys: 1 }), (log, numbers) => {
      const all = Object.entries(numbers).map(([name, number]) => ({ name, number }))
      const expected = new Map(all.map(({ name, number = 'unlogged' as const }) => [name, number]))
      const parsed = parseNote(formatNote(log, all))
      assert.deepEqual([parsed?.log, new Map([...(parsed?.numbers ?? [])])], [log, expected])
    }),
  )
})

test('a text that is not a valid note is ignored', () => {
  const odd = ['', 'uid', ' a=1', 'uid a=1 b=2', 'uid a', 'uid a=', 'uid a=0', 'uid a=-1', 'uid a=1.5', 'uid a=1e3']
  const more = ['uid a=1,', 'uid =1', 'uid a=1=2', 'uid a=9007199254740992', 'last=7', 'uid a=Unlogged']
  for (const text of [undefined, ...odd, ...more]) assert.equal(parseNote(text), undefined, text)
  assert.deepEqual(parseNote('uid a=9007199254740991')?.numbers.get('a'), Number.MAX_SAFE_INTEGER)
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const value of parseNote(text)?.numbers.values() ?? [])
        assert.ok(value === 'unlogged' || (Number.isSafeInteger(value) && value > 0))
    }),
  )
})
