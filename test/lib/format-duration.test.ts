import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration } from '../../src/lib/format-duration.ts'

test('durations are shown in seconds, and from a minute on in minutes and seconds', () => {
  const formatted = [0, 400, 9_949, 9_950, 59_499, 60_000, 185_000, 3_600_000].map(formatDuration)
  assert.deepEqual(formatted, ['0.0 s', '0.4 s', '9.9 s', '10 s', '59 s', '1 min 00 s', '3 min 05 s', '60 min 00 s'])
})
