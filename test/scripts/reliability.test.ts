import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/en/reliability.md'), 'utf8')
const isLinked = (file: string): boolean => page.includes(`](../../${file})`)

test('every file of injected faults is a row of the page of reliability', () => {
  const files = globSync('test/cluster/*fault*.test.ts', { cwd: root })
  assert.ok(files.length >= 6)
  assert.deepEqual(
    files.filter((file) => !isLinked(file)),
    [],
  )
})

test('every file with a fuzzed property is a row of the page of reliability', () => {
  const files = globSync('test/**/*.test.ts', { cwd: root, exclude: ['test/scripts/**'] })
  const fuzzed = files.filter((file) => /await fuzz\(\s*t,\s*'[a-z-]+'/.test(readFileSync(join(root, file), 'utf8')))
  assert.ok(fuzzed.length >= 5)
  assert.deepEqual(
    fuzzed.filter((file) => !isLinked(file)),
    [],
  )
})
