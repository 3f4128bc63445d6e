import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockfileProblems } from '../../scripts/check/sub-checks.ts'
import { parseFloor, reportCoverage } from '../../scripts/test/coverage-floor.ts'

test('a lockfile with a download address, or with a package without its hash, is rejected', () => {
  const packages = {
    '': { name: 'x' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/b': { version: '1.0.0', integrity: 'sha512-b', resolved: 'https://registry.example/b.tgz' },
    'node_modules/c': { version: '1.0.0' },
  }
  assert.deepEqual(lockfileProblems(JSON.stringify({ packages })), [
    'node_modules/b: has a download address (resolved); run npm install again, because .npmrc omits these',
    'node_modules/c: has no hash (integrity); run npm install again',
  ])
})

test('coverage below the floor fails; without a floor it is only reported', () => {
  const lines: string[] = []
  const print = (text: string) => void lines.push(text)
  const coverage = { lines: 81.5, branches: 70 }
  assert.equal(reportCoverage(coverage, { lines: 81.5, branches: 70 }, print), false)
  assert.equal(reportCoverage(coverage, { lines: 81.6, branches: 70 }, print), true)
  assert.equal(reportCoverage(coverage, { lines: 80, branches: 70.1 }, print), true)
  assert.equal(reportCoverage(coverage, undefined, print), false)
  assert.equal(lines[0], 'coverage of src/: lines 81.5 %, branches 70 % (floor 81.5 % and 70 %)')
  assert.match(lines.at(-1) ?? '', /floor not checked/)
  assert.throws(() => parseFloor('{"lines": "80"}'), /must be numbers/)
})

test('if the coverage grew, the message names the new floor', () => {
  const lines: string[] = []
  reportCoverage({ lines: 83.4, branches: 71.2 }, { lines: 80, branches: 71 }, (text) => lines.push(text))
  assert.deepEqual(lines.slice(1), [
    '  the floor can be raised: write {"lines":83,"branches":71} into test/coverage-floor.json',
  ])
})
