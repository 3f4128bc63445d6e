import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { listPromises } from '../../scripts/test/promises.ts'
import { formatResult, runFile } from '../../scripts/test/run-file.ts'
import { findTestFiles, SUITES } from '../../scripts/test/suites.ts'
import { isAlive, processId } from '../../src/lib/process-id.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('every test file of this repository is in exactly one suite, besides those that repeat it on another version', () => {
  const found = SUITES.filter(({ env }) => env === undefined).flatMap((suite) => findTestFiles(root, suite))
  const all = globSync('test/**/*.test.ts', { cwd: root }).filter((file) => !/^test\/(bench|versions)\//.test(file))
  assert.deepEqual(found.toSorted(), all.toSorted())
})

test('every suite has a file, and every name in the table is a file', () => {
  for (const suite of SUITES) assert.notEqual(findTestFiles(root, suite).length, 0, suite.name)
  const table = readFileSync(join(root, 'scripts/test/suites.ts'), 'utf8')
  const lists = table.slice(table.indexOf('const CONTRACT_MORE'), table.indexOf('const OTHER_SUITES'))
  const names = [...lists.matchAll(/'([a-z0-9-]+)'/g)].map(([, name]) => name)
  assert.deepEqual(
    names.filter(
      (name) =>
        !['contract', 'action', 'cluster'].some((folder) => existsSync(join(root, `test/${folder}/${name}.test.ts`))),
    ),
    [],
  )
})

test('npm test needs no program that the sandbox does not build, besides Helm 3', () => {
  const needed = new Set(SUITES.filter(({ nightly }) => !nightly).flatMap(({ tools }) => tools))
  assert.deepEqual([...needed].sort(), [
    ...['act', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'etcd', 'helm3', 'helm4', 'kube-apiserver'],
    ...['kube-controller-manager', 'kubelet', 'registry', 'runc', 'sandbox-program'],
  ])
})

test('a promise without a passed test is missing', () => {
  const { rows, missing } = listPromises([
    { file: 'test/helper/a.test.ts', passed: ['P1 a list is merged', 'P10 a signal reaches helm › with Helm 4'] },
    { file: 'test/helper/b.test.ts', passed: ['group › P1 of two', 'about P2 a'] },
  ])
  assert.deepEqual([rows[0], rows[1], rows[9]], ['P1  helper/a helper/b', 'P2  ✖ no test', 'P10 helper/a'])
  assert.equal(missing.length, 14)
})

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-file-'))
  mkdirSync(join(folder, 'temporary'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a test file with this text. */
function runText(text: string) {
  mkdirSync(join(folder, 'test/area'), { recursive: true })
  writeFileSync(join(folder, 'test/area/some.test.ts'), `import { test } from 'node:test'\n${text}\n`)
  // Node's runner refuses to run inside a test that knows of it.
  delete process.env.NODE_TEST_CONTEXT
  const env = process.env
  const run = {
    root: folder,
    file: 'test/area/some.test.ts',
    env,
    logs: join(folder, 'logs'),
    temporary: join(folder, 'temporary'),
  }
  return runFile(run, new AbortController().signal)
}

test('a run counts what passed and was skipped, and prints the error of what failed', async () => {
  const result = await runText(`
    test('good', () => {})
    test('left out', { skip: true }, () => {})
    test('outer', (context) => context.test('inner', () => { throw new Error('the reason') }))`)
  assert.deepEqual([result.passed, result.skipped, result.failures.length], [['good'], ['left out'], 1])
  assert.match(
    formatResult('test/area/some.test.ts', result),
    /^✖ test\/area\/some\.test\.ts · 1 passed, 1 failed, 1 skipped · .*\n {2}✖ outer › inner \(line \d+\)\n {2}Error: the reason/,
  )
})

test('a file whose process ends early, does not load or has no test counts as failed', async () => {
  const failures = async (text: string) => (await runText(text)).failures.join('\n')
  const early = '✖ exited before its tests finished, or has no test'
  assert.equal(await failures(`test('good', () => {}); test('late', () => process.exit(0))`), early)
  assert.equal(await failures('console.log(test.name)'), early)
  assert.match(
    await failures(`throw new Error('does not load')`),
    /the process failed; its last output:[\s\S]*does not load/,
  )
})

test('a process that a file leaves behind is stopped and counts as a failure', async () => {
  const result = await runText(`
    import { spawn } from 'node:child_process'
    test('good', () => {
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
      child.unref()
      console.log('pid ' + child.pid)
    })`)
  assert.match(result.failures.join('\n'), /^✖ left behind: process \d+: sleep 600$/)
  const pid = Number(/pid (\d+)/.exec(readFileSync(result.log, 'utf8'))?.[1])
  assert.equal(isAlive(processId(pid)), false)
})

test('words that choose no file are refused', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const choose = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['scripts/test.ts', ...args], { cwd: root, env }).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    )
  assert.equal(await choose('unit', 'no-such-file'), 'no file of unit matches: unit no-such-file\n0 passed, 1 failed\n')
  assert.match(await choose('--nothing'), /--nothing/)
})
