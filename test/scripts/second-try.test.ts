import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseSecondTries } from '../../scripts/test/second-try.ts'
import { formatSlowest } from '../../scripts/test/slowest.ts'

const real = { suite: { secondTry: true as const } }
const pure = { suite: {} }
const result = (file: string, failed: number) => ({
  file,
  counts: { passed: 1, failed, skipped: 0 },
  failures: [],
  tail: '',
  log: '',
  ms: 0,
})
const chosen = (...tried: Parameters<typeof chooseSecondTries>[0]) =>
  chooseSecondTries(tried).map(({ result: { file } }) => file)

test('a failed file runs again only in suites whose programs have deadlines; one that passed never does', () => {
  const tried = [
    { pass: real, label: '', result: result('cluster/a', 1) },
    { pass: real, label: '', result: result('cluster/b', 0) },
    { pass: pure, label: '', result: result('unit/a', 1) },
  ]
  assert.deepEqual(chosen(...tried), ['cluster/a'])
})

test('if many files fail, none runs again', () => {
  const failed = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ pass: real, label: '', result: result(`cluster/${index}`, 1) }))
  assert.equal(chosen(...failed(5)).length, 5)
  assert.deepEqual(chosen(...failed(6)), [])
})

test('a run ends with the names of its slowest files', () => {
  const files = [
    { label: 'test/a.test.ts', ms: 1000 },
    { label: 'test/b.test.ts', ms: 61_000 },
    { label: 'test/c.test.ts', ms: 2000 },
  ]
  assert.equal(formatSlowest(files, 2), 'slowest files:\n  1 min 01 s test/b.test.ts\n  2.0 s test/c.test.ts')
})
