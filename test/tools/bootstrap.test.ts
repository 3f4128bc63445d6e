import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../support/eventually.ts'

const tools = fileURLToPath(new URL('../../tools', import.meta.url))

// Every test has a small repository of its own, which contains the real bootstrap.
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bootstrap-'))
  for (const part of ['bootstrap.mjs', 'bootstrap'])
    cpSync(join(tools, part), join(root, 'tools', part), { recursive: true })
  writeFileSync(join(root, 'package.json'), '{"name":"little","version":"1.0.0","type":"module"}')
  writeLock({})
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function writeLock(packages: object): void {
  const lock = {
    name: 'little',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': { name: 'little', version: '1.0.0' }, ...packages },
  }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock))
}

function writeCommand(code: string): void {
  mkdirSync(join(root, 'scripts'), { recursive: true })
  writeFileSync(join(root, 'scripts', 'check.ts'), code)
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['tools/bootstrap.mjs', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    output.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.err += chunk
  })
  return { child, output, exited: once(child, 'close').then(([code]) => ({ code, ...output })) }
}

const kill = (child: ChildProcess, signal: NodeJS.Signals) => void child.kill(signal)

test('the first run installs, the next one starts immediately; arguments and exit code are passed on', async () => {
  writeCommand(`console.log(process.argv.slice(2).join(' ')); process.exitCode = 7`)
  const first = await start(['check', '--', '-x', 'a b']).exited
  assert.deepEqual([first.code, first.out], [7, '-- -x a b\n'])
  assert.match(first.err, /✔ npm ci · \d+ s/)
  const second = await start(['check']).exited
  assert.deepEqual([second.code, second.err], [7, ''])
})

test('the usage of the sandbox is printed without an installation, also by a Node that runs no TypeScript', async () => {
  mkdirSync(join(root, 'sandbox'), { recursive: true })
  cpSync(join(tools, '../sandbox/usage.txt'), join(root, 'sandbox/usage.txt'))
  for (const flag of ['--help', '-h']) {
    const { code, out, err } = await start(['sandbox', flag]).exited
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^usage: npm run sandbox/)
  }
  assert.equal(existsSync(join(root, 'node_modules')), false)
})

test('the command and its children find this Node first on PATH', async () => {
  writeCommand(`console.log(process.env.PATH.split(':')[0])`)
  assert.equal((await start(['check'], { PATH: '/usr/bin:/bin' }).exited).out, `${dirname(process.execPath)}\n`)
})

test('a changed lockfile causes a new installation', async () => {
  writeCommand('')
  await start(['check']).exited
  writeLock({ 'node_modules/absent': { version: '1.0.0', integrity: 'sha512-x', optional: true, os: ['nowhere'] } })
  assert.match((await start(['check']).exited).err, /npm ci/)
})

test('two concurrent first runs succeed, and only one installs', async () => {
  writeCommand(`console.log('ran')`)
  const runs = await Promise.all([start(['check']).exited, start(['check']).exited])
  assert.deepEqual(
    runs.map(({ code, out }) => [code, out]),
    [
      [0, 'ran\n'],
      [0, 'ran\n'],
    ],
  )
  const waited = runs.filter(({ err }) => /waiting for another run \(process \d+, npm ci since/.test(err))
  assert.equal(waited.length, 1)
  assert.match(waited[0]?.err ?? '', /another run did it/)
})

test('without a network one line reports the cause, the fix and the log; the next run continues', async () => {
  writeCommand(`console.log('ran')`)
  const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`
  const offline = {
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_fetch_retries: '0',
    npm_config_cache: join(root, 'npm'),
  }
  writeLock({
    '': { name: 'little', version: '1.0.0', dependencies: { yaml: '2.9.1' } },
    'node_modules/yaml': { version: '2.9.1', integrity },
  })
  writeFileSync(
    join(root, 'package.json'),
    '{"name":"little","version":"1.0.0","type":"module","dependencies":{"yaml":"2.9.1"}}',
  )
  const run = await start(['check'], offline).exited
  assert.deepEqual([run.code, run.out], [1, ''])
  assert.match(
    run.err,
    /error: npm ci: the package registry cannot be reached \(.*\); log: .*npm-ci\.log\n {2}fix: check the network/,
  )
  writeFileSync(join(root, 'package.json'), '{"name":"little","version":"1.0.0","type":"module"}')
  writeLock({})
  assert.equal((await start(['check'], offline).exited).out, 'ran\n')
})

const COUNTING = `let count = 0
process.on('SIGINT', () => { count++ })
process.on('SIGTERM', () => { count += 100 })
console.log('ready')
const timer = setInterval(() => { if (count > 0) { clearInterval(timer); setTimeout(() => console.log('signals', count), 300) } }, 10)`

test('Ctrl-C reaches the command once, although npm sends the signal a second time, and the exit code is 130', async () => {
  writeCommand(COUNTING)
  const { child, output, exited } = start(['check'])
  await eventually(() => assert.equal(output.out, 'ready\n'))
  kill(child, 'SIGINT')
  kill(child, 'SIGINT')
  const { code, out } = await exited
  assert.deepEqual([code, out], [130, 'ready\nsignals 1\n'])
})

test('SIGTERM is passed on too; exit code 143', async () => {
  writeCommand(COUNTING)
  const { child, output, exited } = start(['check'])
  await eventually(() => assert.equal(output.out, 'ready\n'))
  kill(child, 'SIGTERM')
  const { code, out } = await exited
  assert.deepEqual([code, out], [143, 'ready\nsignals 100\n'])
})

test('an unknown command and a missing script are reported in two lines', async () => {
  const unknown = await start(['deploy']).exited
  assert.deepEqual(
    [unknown.code, unknown.err],
    [
      1,
      "error: no command 'deploy'\n  fix: use one of: sandbox, test, bench, soak, tools, build, check, docs, generate, mutate, release, live\n",
    ],
  )
  const missing = await start(['bench']).exited
  assert.equal(missing.code, 1)
  assert.match(missing.err, /error: test\/bench\/main\.ts is not in this checkout/)
  assert.equal(existsSync(join(root, '.cache', 'npm-ci.lock')), false)
})
