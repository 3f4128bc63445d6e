import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readOptions } from '../../scripts/test/options.ts'
import { NEWEST_ONLY, passesOf } from '../../scripts/test/passes.ts'
import { formatCounts } from '../../scripts/test/results.ts'
import { chooseSuites, emptySuites, findTestFiles, SUITES, suiteOf } from '../../scripts/test/suites.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('every folder has a suite; folders without one of their own belong to unit', () => {
  const files = [
    'test/kube/a.test.ts',
    'test/sandbox/cluster/a.test.ts',
    'test/simulation/a.test.ts',
    'test/contract/a.test.ts',
    'test/cluster/x/a.test.ts',
    'test/zoo/a.test.ts',
    'test/action/a.test.ts',
    'test/quick-start/a.test.ts',
    'test/browser/a.test.ts',
    'test/node/a.test.ts',
    'test/bench/a.test.ts',
    'test/versions/a.test.ts',
  ]
  const suites = [
    'unit',
    'unit',
    'simulation',
    'contract',
    'cluster',
    'zoo',
    'action',
    'quick-start',
    'browser',
    'node',
    undefined,
    undefined,
  ]
  assert.deepEqual(files.map(suiteOf), suites)
})

test('words name suites first, and then parts of file paths', () => {
  const choose = (...words: string[]) => {
    const chosen = chooseSuites(words)
    return [chosen.suites.map(({ name }) => name).join(), chosen.words.join()]
  }
  const all = SUITES.map(({ name }) => name).join()
  assert.equal(all, 'unit,simulation,contract,cluster,zoo,action,quick-start,browser,node')
  assert.deepEqual(choose(), [all, ''])
  assert.deepEqual(choose('unit'), ['unit', ''])
  assert.deepEqual(choose('node', 'unit'), ['unit,node', ''])
  assert.deepEqual(choose('cluster', 'helper', 'guard'), ['cluster', 'helper,guard'])
  assert.deepEqual(choose('guard'), [all, 'guard'])
})

test('a named suite without a file that the words choose is found, so that it is not left out silently', () => {
  const empty = (...words: string[]) => {
    const chosen = chooseSuites(words)
    return emptySuites(root, chosen.suites, chosen.words)
  }
  assert.deepEqual(empty('unit', 'helper/', 'simulation'), ['simulation'])
  assert.deepEqual(empty('unit', 'simulation'), [])
  assert.deepEqual(empty('unit', 'helper/'), [])
  assert.deepEqual(empty('helper/'), [])
})

test('options stand anywhere between the words', () => {
  const read = (...args: string[]) => {
    const { words, since, seedEnv, suites } = readOptions(args)
    return [suites.length === 1 ? suites[0]?.name : 'all', words.join(), since, seedEnv]
  }
  const seed = { ACR_NOPASS_SEED: '7', ACR_NOPASS_ONLY: '1,4' }
  assert.deepEqual(read('simulation', '--seed', '7', '--only', '1,4'), ['simulation', '', undefined, seed])
  assert.deepEqual(read('unit', 'kube'), ['unit', 'kube', undefined, {}])
  assert.deepEqual(read('unit', '--changed'), ['unit', '', 'HEAD', {}])
  assert.deepEqual(read('--since', 'main', 'unit', 'kube'), ['unit', 'kube', 'main', {}])
  assert.deepEqual(read('--since=v1.0.0'), ['all', '', 'v1.0.0', {}])
  assert.throws(() => readOptions(['--nothing']), /--nothing/)
})

test('every test file of this repository is in exactly one suite', () => {
  const found = SUITES.flatMap(({ name }) => findTestFiles(root, name, []))
  const all = globSync('test/**/*.test.ts', { cwd: root }).filter((file) => !/^test\/(bench|versions)\//.test(file))
  assert.deepEqual(found.sort(), all.sort())
  assert.deepEqual(findTestFiles(root, 'unit', ['scripts/suites', 'tools/lock']), [
    'test/scripts/suites.test.ts',
    'test/tools/lock.test.ts',
  ])
})

test('every file of the cluster suite runs on the newest and on the oldest Kubernetes, except those listed with a reason', () => {
  for (const suite of SUITES) {
    const files = findTestFiles(root, suite.name, [])
    const [first, again, ...more] = passesOf(suite, files)
    assert.deepEqual([first?.files, first?.env, more], [files, {}, []])
    if (suite.name !== 'cluster') {
      assert.equal(again, undefined)
      continue
    }
    assert.deepEqual(again?.env, { ACR_NOPASS_KUBERNETES: 'oldest' })
    assert.deepEqual([...(again?.files ?? []), ...Object.keys(NEWEST_ONLY)].sort(), files)
  }
})

test('a file that proves nothing new on the oldest minor causes no second pass', () => {
  const [cluster] = SUITES.filter(({ name }) => name === 'cluster')
  assert.ok(cluster)
  assert.equal(passesOf(cluster, ['test/cluster/chart-pods.test.ts']).length, 1)
})

test('older versions run if an option names them, with files that exist', () => {
  const { older: passes, words } = readOptions(['--kubernetes', '1.24', 'guard', '--helm', '3.18', '--node', '20,22'])
  assert.deepEqual(
    passes.map(({ title, env }) => [title, env]),
    [
      ['kubernetes 1.24', { ACR_NOPASS_KUBERNETES: '1.24' }],
      ['helm 3.18', { ACR_NOPASS_HELM: '3.18' }],
      ['node 20,22', { ACR_NOPASS_NODES: '20,22' }],
    ],
  )
  assert.deepEqual(words, ['guard'])
  for (const file of passes.flatMap(({ files }) => files)) assert.ok(existsSync(join(root, file)), file)
  // A file of test/versions that no option names would never run.
  const named = new Set(passes.flatMap(({ files }) => files))
  assert.deepEqual(
    globSync('test/versions/*.test.ts', { cwd: root }).filter((file) => !named.has(file)),
    [],
  )
  const refused = (...args: string[]) => assert.throws(() => readOptions(args.slice(1)), { message: args[0] })
  refused('--kubernetes takes 1.24, not "1.23"', '--kubernetes', '1.23')
  refused('--helm takes 3.18, not "3.1"', '--helm', '3.1')
  refused('--node takes versions such as 20,22,24.0.0, not "latest"', '--node', 'latest')
})

test('the last line of a run counts passed and failed tests, and skipped ones only if there are any', () => {
  assert.equal(formatCounts({ passed: 120, failed: 0, skipped: 0 }), '120 passed, 0 failed')
  assert.equal(formatCounts({ passed: 1, failed: 2, skipped: 3 }), '1 passed, 2 failed, 3 skipped')
})
