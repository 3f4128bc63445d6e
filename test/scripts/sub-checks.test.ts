import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockfileProblems } from '../../scripts/check/sub-checks.ts'

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
