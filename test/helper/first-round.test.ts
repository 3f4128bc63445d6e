import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFirstRound } from '../../src/helper/credentials/first-round.ts'
import { createFakeClock } from '../kube/fake-clock.ts'

function open() {
  const clock = createFakeClock()
  let times = 0
  const round = createFirstRound(clock, () => void times++)
  return { clock, round, shown: () => [round.over, times] }
}

test('the first writes wait until each registry was tried once, whatever else was tried', () => {
  const { clock, round, shown } = open()
  round.settled('a')
  assert.deepEqual(shown(), [false, 0])
  round.begin(['a', 'b'])
  for (const name of ['a', 'other', 'a']) round.settled(name)
  assert.deepEqual(shown(), [false, 0])
  round.settled('b')
  assert.deepEqual(shown(), [true, 1])
  for (const name of ['a', 'b']) round.settled(name)
  assert.deepEqual([...shown(), clock.timers], [true, 1, 0])
})

test('the first writes wait at most three seconds, and not at all without a registry to try', async () => {
  const { clock, round, shown } = open()
  round.begin(['a'])
  await clock.advance(2_999)
  assert.deepEqual(shown(), [false, 0])
  await clock.advance(1)
  assert.deepEqual(shown(), [true, 1])
  const none = open()
  none.round.begin([])
  assert.deepEqual(none.shown(), [true, 1])
})

test('a second start neither begins the round again nor prolongs it', async () => {
  const { clock, round, shown } = open()
  round.begin(['a'])
  await clock.advance(2_000)
  round.begin(['b'])
  await clock.advance(1_000)
  round.begin([])
  assert.deepEqual(shown(), [true, 1])
})

test('a round that is stopped does not end by time', async () => {
  const { clock, round, shown } = open()
  round.stop()
  round.begin(['a'])
  round.stop()
  await clock.advance(10_000)
  assert.deepEqual([...shown(), clock.timers], [false, 0, 0])
})
