import assert from 'node:assert/strict'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { addCounts, NO_TESTS } from '../../scripts/test/results.ts'
import { type Job, type JobsRun, runJobs } from '../../scripts/test/run-jobs.ts'
import { isAlive, processId } from '../../src/lib/process-id.ts'
import { eventually } from '../support/eventually.ts'

const never = new AbortController().signal
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'suite-'))
  mkdirSync(join(root, 'test'))
  mkdirSync(join(root, 'temporary'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

interface RunOptions extends Partial<Pick<JobsRun, 'slots'>> {
  readonly fileLimit?: number
  readonly signal?: AbortSignal
}

/** Runs small test files and returns the counts and the printed text, without times. */
async function runFiles(sources: Record<string, string>, options: RunOptions = {}) {
  const { fileLimit = 20_000, signal = never, slots = 2, ...more } = options
  const files = Object.keys(sources).map((name) => `test/${name}.test.ts`)
  for (const [name, source] of Object.entries(sources)) {
    writeFileSync(join(root, 'test', `${name}.test.ts`), `import { test, describe } from 'node:test'\n${source}`)
  }
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const printed: string[] = []
  const print = (text: string) => void printed.push(text)
  const logs = join(root, 'logs')
  const jobs = files.map((file) => ({ file, label: file, group: 'all', most: 3, waits: false, fileLimit, env, logs }))
  const results = await runJobs({ root, jobs, slots, ...more, temporary: join(root, 'temporary'), print }, signal)
  const counts = results.reduce((sum, { result }) => addCounts(sum, result.counts), NO_TESTS)
  return { counts, text: printed.join('\n').replaceAll(/ · [\d.]+ s$/gm, '') }
}

test('passing, failing and skipped tests are counted, and a failing test is shown with its names, its line and its log', async () => {
  const { counts, text } = await runFiles({
    mixed: `test('fine', () => console.log('a word of the test'))
describe('group', () => { test('bad', () => { throw new RangeError('boom') }); test('left', { skip: true }, () => {}) })`,
  })
  assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 1 })
  assert.match(
    text,
    /^✖ test\/mixed\.test\.ts · 1 passed, 1 failed, 1 skipped\n {2}✖ group › bad \(line 3\)\n {2}RangeError: boom\n/,
  )
  assert.match(text, /\n {2}log: logs\/mixed\.log; its programs' logs, if any: logs\/mixed\/$/)
  const log = readFileSync(join(root, 'logs', 'mixed.log'), 'utf8')
  assert.match(log, /^a word of the test\n[\s\S]*boom/)
})

test('a file that passes is one line', async () => {
  const { counts, text } = await runFiles({
    one: `test('a', () => {})`,
    two: `test('b', () => {}); test('c', () => {})`,
  })
  assert.deepEqual(counts, { passed: 3, failed: 0, skipped: 0 })
  assert.deepEqual(text.split('\n').sort(), ['✔ test/one.test.ts · 1 passed', '✔ test/two.test.ts · 2 passed'])
})

for (const [what, source, message] of [
  ['does not load', `import './nowhere.ts'`, /exited with code 1[\s\S]*\| .*Cannot find module/],
  ['contains no test', `export const a = 1`, /ran no test/],
  [
    'exits before its tests finish',
    `test('a', async () => { await new Promise((r) => setTimeout(r, 200)) }); test('b', () => process.exit(0))`,
    /ran no test|exited before its tests finished/,
  ],
  ['is killed', `test('a', () => process.kill(process.pid, 'SIGKILL'))`, /was killed by SIGKILL/],
  ['throws after its tests', `test('a', () => {}); setTimeout(() => { throw new Error('late') }, 50)`, /late/],
] as const) {
  test(`a file that ${what} counts as failed, with the reason`, async () => {
    const { counts, text } = await runFiles({ broken: source })
    assert.ok(counts.failed >= 1, text)
    assert.match(text, message)
  })
}

test('a file that hangs is stopped after its limit, and its last test is named', async () => {
  const { counts, text } = await runFiles(
    { slow: `test('waits', () => new Promise(() => setInterval(() => {}, 1e6)))` },
    { fileLimit: 10_000 },
  )
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 })
  assert.match(text, /did not finish within 10 s; the last test that started: waits/)
})

test("the logs of a file's programs are kept only if it fails", async () => {
  const source = `import assert from 'node:assert'; import { openRun } from '../../tools/process/run.ts'
test('a', async () => {
  await using run = await openRun()
  const child = await run.start({ name: 'speaker', command: '/bin/sh', args: ['-c', 'echo word'] })
  await child.exited
  assert.equal(process.env.ACR_NOPASS_TEST_LOGS.endsWith('/good'), true)
})`.replaceAll('../../tools', new URL('../../tools', import.meta.url).href)
  await runFiles({ good: source, bad: source })
  const kept = globSync('logs/**/speaker.log', { cwd: root })
  assert.deepEqual(
    kept.map((file) => file.replace(/bad\/[0-9a-f]+/, 'bad/ID')),
    ['logs/bad/ID/speaker.log'],
  )
  assert.equal(readFileSync(join(root, kept[0] ?? ''), 'utf8'), 'word\n')
})

test('each file has its own temporary folder, which is deleted afterwards', async () => {
  const source = `import { writeFileSync } from 'node:fs'; import { tmpdir } from 'node:os'
test('a', () => writeFileSync(tmpdir() + '/left.txt', 'x'))`
  const { counts } = await runFiles({ writes: source })
  assert.equal(counts.passed, 1)
  assert.deepEqual(
    readdirSync(join(root, 'temporary')).filter((name) => !name.endsWith('.report')),
    [],
  )
})

const SPAWN = `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs'
const child = spawn('sleep', ['600'], { detached: true, stdio: 'inherit' }); child.unref()`

test('a process that a file leaves behind is killed and counts as a failure', {
  skip: process.platform !== 'linux',
}, async () => {
  const pidFile = join(root, 'pid')
  const { counts, text } = await runFiles({
    leaks: `${SPAWN}\ntest('a', () => writeFileSync('${pidFile}', String(child.pid)))`,
  })
  assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 })
  const pid = Number(readFileSync(pidFile, 'utf8'))
  assert.match(text, new RegExp(`left behind: process ${pid}: sleep 600`))
  assert.equal(isAlive(processId(pid)), false)
})

test('an interrupt stops the running files', async () => {
  const pidFile = join(root, 'pid')
  const broken = new AbortController()
  const source = `import { writeFileSync } from 'node:fs'
writeFileSync('${pidFile}', String(process.pid)); test('waits', () => new Promise(() => setInterval(() => {}, 1e6)))`
  const work = runFiles(
    { waits: source, next: `test('a', () => {})`, last: `test('a', () => {})` },
    { fileLimit: 60_000, signal: broken.signal },
  )
  await eventually(() => assert.ok(existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== ''))
  broken.abort(new Error('stop'))
  await assert.rejects(work, { message: 'stop' })
  assert.equal(isAlive(processId(Number(readFileSync(pidFile, 'utf8')))), false)
})

test('jobs start in order as slots become free; a group has its own limit, and the others continue', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const events = join(root, 'events')
  const source = `import { test } from 'node:test'; import { appendFileSync } from 'node:fs'; import { basename } from 'node:path'
const name = basename(process.argv[1]).split('.')[0]
test('a', async () => { appendFileSync('${events}', '+' + name + ' '); await new Promise((r) => setTimeout(r, 300)); appendFileSync('${events}', '-' + name + ' ') })`
  const job = (name: string, group: string, most: number): Job => {
    writeFileSync(join(root, 'test', `${name}.test.ts`), source)
    const file = `test/${name}.test.ts`
    return { file, label: file, group, most, waits: false, fileLimit: 20_000, env, logs: join(root, 'logs') }
  }
  const jobs = [job('n1', 'node', 1), job('n2', 'node', 1), job('c1', 'cluster', 2), job('c2', 'cluster', 2)]
  const printed: string[] = []
  const print = (text: string) => void printed.push(text)
  const results = await runJobs({ root, jobs, slots: 3, temporary: join(root, 'temporary'), print }, never)
  assert.deepEqual(
    results.map(({ result }) => result.file),
    jobs.map(({ file }) => file),
  )
  const order = readFileSync(events, 'utf8').trim().split(' ')
  assert.ok(order.indexOf('+n2') > order.indexOf('-n1'), order.join(' '))
  assert.equal(order.length, 8)
  let most = 0
  let now = 0
  for (const event of order) {
    now += event.startsWith('+') ? 1 : -1
    most = Math.max(most, now)
  }
  assert.ok(most <= 3, order.join(' '))
})

/**
 * One file for each name. Each waits until all of them run at the same time, and belongs to a group
 * of its own.
 */
function filesThatMeet(names: readonly string[]): Record<string, string> {
  const events = join(root, 'events')
  const source = `import { appendFileSync, readFileSync } from 'node:fs'
test('a', async () => { appendFileSync('${events}', '+'); while (readFileSync('${events}', 'utf8').length < ${names.length}) await new Promise((r) => setTimeout(r, 10)) })`
  return Object.fromEntries(names.map((name) => [name, source]))
}

test('files that wait, and of whose group only one runs, share a slot', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  // Each file finishes only while three files run, which two slots alone do not allow.
  const sources = filesThatMeet(['node', 'zoo', 'cluster'])
  const job = (name: string, most: number): Job => {
    writeFileSync(join(root, 'test', `${name}.test.ts`), `import { test } from 'node:test'\n${sources[name]}`)
    const file = `test/${name}.test.ts`
    return { file, label: file, group: name, most, waits: true, fileLimit: 20_000, env, logs: join(root, 'logs') }
  }
  const jobs = [job('node', 1), job('zoo', 1), job('cluster', 2)]
  const temporary = join(root, 'temporary')
  const results = await runJobs({ root, jobs, slots: 2, temporary, print: () => undefined }, never)
  assert.deepEqual(
    results.map(({ result }) => result.counts.passed),
    [1, 1, 1],
  )
})
