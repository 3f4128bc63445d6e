import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { acquireLock, isHeld, processStart } from '../../tools/bootstrap/lock.mjs'
import { eventually } from '../support/eventually.ts'

const folder = mkdtempSync(join(tmpdir(), 'lock-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const newPath = () => join(folder, `${++count}.lock`)
const moduleUrl = new URL('../../tools/bootstrap/lock.mjs', import.meta.url).href

/** Another process that acquires the lock, reports it, and holds it until it is killed. */
async function holdElsewhere(path: string) {
  const code = `const { acquireLock } = await import('${moduleUrl}'); await acquireLock('${path}', { what: 'holding' }); console.log('held'); setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

test('a lock names its holder and is deleted when it is released', async () => {
  const path = newPath()
  const release = await acquireLock(path, { what: 'work' })
  const { pid, host, what, start } = JSON.parse(readFileSync(path, 'utf8'))
  assert.deepEqual(
    { pid, host, what, start },
    { pid: process.pid, host: hostname(), what: 'work', start: processStart(process.pid) },
  )
  release()
  assert.equal(existsSync(path), false)
})

test('the second run waits for the first, and is notified once for which run it waits', async () => {
  const path = newPath()
  const release = await acquireLock(path, { what: 'npm ci' })
  const reported: string[] = []
  const second = acquireLock(path, {
    what: 'npm ci',
    onWait: (holder) => reported.push(`${holder.what} ${holder.pid}`),
  })
  await eventually(() => assert.deepEqual(reported, [`npm ci ${process.pid}`]))
  release()
  ;(await second)()
  assert.deepEqual(reported, [`npm ci ${process.pid}`])
})

test('a waiting run can be interrupted', async () => {
  const path = newPath()
  const release = await acquireLock(path, { what: 'work' })
  const broken = new AbortController()
  const second = acquireLock(path, {
    what: 'work',
    signal: broken.signal,
    onWait: () => broken.abort(new Error('stop')),
  })
  await assert.rejects(second)
  release()
})

test('the lock of a killed run is taken over', async () => {
  const path = newPath()
  const child = await holdElsewhere(path)
  const holder = JSON.parse(readFileSync(path, 'utf8'))
  assert.equal(isHeld(holder), true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(isHeld(holder), false)
  ;(await acquireLock(path, { what: 'work' }))()
})

test('a reused process id does not hold the lock, because its start time differs', async () => {
  const path = newPath()
  const holder = { pid: process.pid, start: 'before the reboot', host: hostname(), what: 'work', since: '' }
  writeFileSync(path, JSON.stringify(holder))
  assert.equal(isHeld(holder), false)
  ;(await acquireLock(path, { what: 'work' }))()
})

test("another machine's process cannot be checked, so its lock is respected", () => {
  assert.equal(isHeld({ pid: 1, start: 'x', host: `not-${hostname()}`, what: 'work', since: '' }), true)
})

test('a truncated lock file and an interrupted takeover block no one', async () => {
  const path = newPath()
  writeFileSync(path, '{"pid":')
  mkdirSync(`${path}.takeover`)
  const old = new Date(Date.now() - 60_000)
  utimesSync(`${path}.takeover`, old, old)
  ;(await acquireLock(path, { what: 'work' }))()
  assert.equal(existsSync(`${path}.takeover`), false)
})

test('two of many concurrent runs never hold the lock at the same time, even after a stale lock', async () => {
  const path = newPath()
  writeFileSync(path, JSON.stringify({ pid: 1, start: 'never', host: hostname(), what: 'old', since: '' }))
  let inside = 0
  let most = 0
  const enter = async () => {
    const release = await acquireLock(path, { what: 'work' })
    most = Math.max(most, ++inside)
    await new Promise(setImmediate)
    inside--
    release()
  }
  await Promise.all(Array.from({ length: 6 }, enter))
  assert.equal(most, 1)
})
