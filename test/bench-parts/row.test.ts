import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentile } from '../bench/bed/statistics.ts'
import { dependsOnMachine, formatNumbers, isWithin, type RowSpec } from '../bench/report/row.ts'

test('numbers show their measure, and no more digits than they are worth', () => {
  assert.equal(formatNumbers([0.953, 12.345], 'writes'), '0.95x / 12.3x')
  assert.equal(formatNumbers([99.6, 1333.3], 'mebibytes'), '99.6 / 1333 MiB')
  assert.equal(formatNumbers([0, 2], 'count'), '0 / 2')
  assert.equal(formatNumbers([14.06], 'seconds'), '14.1 s')
})

test('a bar counts for the number as it is shown; one number above misses it', () => {
  assert.equal(isWithin([0.754], [0.75]), true)
  assert.equal(isWithin([0.756], [0.75]), false)
  assert.equal(isWithin([0.9, 3.2], [1, 3]), false)
  assert.equal(isWithin([Number.NaN], [1]), false)
  assert.equal(isWithin([5], undefined), undefined)
})

test('only what is counted or simulated fails the command: a busy machine never does', () => {
  const row = (measure: RowSpec['measure']): RowSpec => ({
    id: 'row',
    title: { en: 'row', zh: 'row' },
    measure,
    peers: { en: '', zh: '' },
  })
  assert.deepEqual(
    (['writes', 'times', 'count', 'seconds', 'mebibytes', 'percent'] as const).filter(
      (measure) => !dependsOnMachine(row(measure)),
    ),
    ['count'],
  )
  assert.equal(dependsOnMachine({ ...row('seconds'), simulated: true }), false)
})

test('a percentile is a value that was measured', () => {
  const values = Array.from({ length: 600 }, (_, index) => 600 - index)
  assert.deepEqual(
    [percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1), percentile([], 0.5)],
    [301, 595, 600, Number.NaN],
  )
})
