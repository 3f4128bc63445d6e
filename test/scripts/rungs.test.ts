import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NEWEST_ONLY, passesOf } from '../../scripts/test/passes.ts'
import { formatCounts } from '../../scripts/test/results.ts'
import { chooseRungs, findTestFiles, RUNGS, rungOf } from '../../scripts/test/rungs.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('every folder has its rung; all that have none of their own are unit', () => {
  const files = [
    'test/kube/a.test.ts',
    'test/sandbox/cluster/a.test.ts',
    'test/contract/a.test.ts',
    'test/cluster/x/a.test.ts',
    'test/action/a.test.ts',
    'test/browser/a.test.ts',
    'test/node/a.test.ts',
    'test/bench/a.test.ts',
  ]
  assert.deepEqual(files.map(rungOf), ['unit', 'unit', 'contract', 'cluster', 'action', 'browser', 'node', undefined])
})

test('words name rungs first, and then parts of file paths', () => {
  const choose = (...words: string[]) => {
    const chosen = chooseRungs(words)
    return [chosen.rungs.map(({ name }) => name).join(), chosen.words.join()]
  }
  const all = RUNGS.map(({ name }) => name).join()
  assert.deepEqual(choose(), [all, ''])
  assert.deepEqual(choose('unit'), ['unit', ''])
  assert.deepEqual(choose('node', 'unit'), ['unit,node', ''])
  assert.deepEqual(choose('cluster', 'helper', 'guard'), ['cluster', 'helper,guard'])
  assert.deepEqual(choose('guard'), [all, 'guard'])
})

test('no test file of this repository falls through: each is in exactly one rung', () => {
  const found = RUNGS.flatMap(({ name }) => findTestFiles(root, name, []))
  const all = globSync('test/**/*.test.ts', { cwd: root }).filter((file) => !file.startsWith('test/bench/'))
  assert.deepEqual(found.sort(), all.sort())
  assert.deepEqual(findTestFiles(root, 'unit', ['scripts/rungs', 'tools/lock']), [
    'test/scripts/rungs.test.ts',
    'test/tools/lock.test.ts',
  ])
})

test('every file of the cluster rung runs on the newest and on the oldest Kubernetes, but for those listed with a reason', () => {
  for (const rung of RUNGS) {
    const files = findTestFiles(root, rung.name, [])
    const [first, again, ...more] = passesOf(rung, files)
    assert.deepEqual([first?.files, first?.env, more], [files, {}, []])
    if (rung.name !== 'cluster') {
      assert.equal(again, undefined)
      continue
    }
    assert.deepEqual(again?.env, { ACR_NOPASS_KUBERNETES: 'oldest' })
    assert.deepEqual([...(again?.files ?? []), ...Object.keys(NEWEST_ONLY)].sort(), files)
  }
})

test('a file that says nothing new on the oldest minor, asked for alone, makes no second pass', () => {
  const [cluster] = RUNGS.filter(({ name }) => name === 'cluster')
  assert.ok(cluster)
  assert.equal(passesOf(cluster, ['test/cluster/chart-pods.test.ts']).length, 1)
})

test('the last line of a run says passed and failed, and skipped only when there are any', () => {
  assert.equal(formatCounts({ passed: 120, failed: 0, skipped: 0 }), '120 passed, 0 failed')
  assert.equal(formatCounts({ passed: 1, failed: 2, skipped: 3 }), '1 passed, 2 failed, 3 skipped')
})
