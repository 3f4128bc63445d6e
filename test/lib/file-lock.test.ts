import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { type LockHolder, withFileLock } from '../../src/lib/file-lock.ts'
import { processId } from '../../src/lib/process-id.ts'

const folder = mkdtempSync(join(tmpdir(), 'file-lock-'))
let count = 0
const newPath = () => join(folder, `${++count}.lock`)
const module = new URL('../../src/lib/file-lock.ts', import.meta.url).href
const clock = new URL('../../src/lib/clock.ts', import.meta.url).href

const options = (waitMs = 60_000) => ({
  pid: process.pid,
  clock: systemClock,
  waitMs,
  refuse: ({ pid, host }: LockHolder) => new Error(`held by ${pid} of ${host}`),
})

function writeLock(path: string, holder: object): void {
  writeFileSync(path, JSON.stringify({ id: 'another', ...holder }))
}

test('the lock names its process while the work runs, and is gone afterwards, also after a failure', async () => {
  const path = newPath()
  const during = await withFileLock(path, options(), async () => JSON.parse(readFileSync(path, 'utf8')))
  const { pid, start, host } = during
  assert.deepEqual({ pid, start, host }, { ...processId(process.pid), host: hostname() })
  await assert.rejects(
    withFileLock(path, options(), () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.equal(existsSync(path), false)
})

test('processes that lock the same file never work at the same time', async () => {
  const path = newPath()
  const file = `${path}.count`
  writeFileSync(file, '0')
  const code = `
    const { readFileSync, writeFileSync } = await import('node:fs')
    const { setImmediate: turn } = await import('node:timers/promises')
    const { withFileLock } = await import('${module}')
    const { systemClock } = await import('${clock}')
    const options = { pid: process.pid, clock: systemClock, waitMs: 60000, refuse: () => new Error('held') }
    for (let i = 0; i < 20; i += 1) {
      await withFileLock('${path}', options, async () => {
        const value = Number(readFileSync('${file}', 'utf8'))
        await turn()
        writeFileSync('${file}', String(value + 1))
      })
    }`
  const children = [1, 2, 3].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'inherit'] }),
  )
  const ends = await Promise.all(children.map((child) => once(child, 'exit')))
  assert.deepEqual(ends, [
    [0, null],
    [0, null],
    [0, null],
  ])
  assert.equal(readFileSync(file, 'utf8'), '60')
})

test('the lock of a process that died is taken over, also by two processes at once', async () => {
  const path = newPath()
  for (const holder of [{ pid: 2 ** 22 + 1, start: '1' }, { pid: process.pid, start: 'earlier' }, {}]) {
    writeLock(path, { host: hostname(), ...holder })
    const order: string[] = []
    const work = (name: string) => async () => {
      order.push(`${name} begins`)
      await systemClockTurn()
      order.push(`${name} ends`)
    }
    await Promise.all([withFileLock(path, options(), work('a')), withFileLock(path, options(), work('b'))])
    assert.deepEqual(order.toSorted(), ['a begins', 'a ends', 'b begins', 'b ends'])
    assert.equal(order[0]?.[0], order[1]?.[0])
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(`${count}.`)),
    [],
  )
})

test('a takeover that died half-way does not block the lock', async () => {
  const path = newPath()
  writeLock(path, { host: hostname(), pid: 2 ** 22 + 1, start: '1' })
  mkdirSync(`${path}.takeover`)
  utimesSync(`${path}.takeover`, new Date(0), new Date(0))
  assert.equal(await withFileLock(path, options(), async () => 'done'), 'done')
})

test('while another process takes over, a process waits', async () => {
  const path = newPath()
  writeLock(path, { host: hostname(), pid: 2 ** 22 + 1, start: '1' })
  mkdirSync(`${path}.takeover`)
  let isDone = false
  const waiting = withFileLock(path, options(), async () => {
    isDone = true
  })
  await systemClockTurn()
  assert.equal(isDone, false)
  rmdirSync(`${path}.takeover`)
  await waiting
  assert.equal(existsSync(`${path}.takeover`), false)
})

test('a process that works for long confirms its lock every five seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const path = newPath()
  const long = new Date(1_000_000)
  await withFileLock(path, options(), async () => {
    utimesSync(path, long, long)
    t.mock.timers.tick(4_999)
    assert.equal(statSync(path).mtimeMs, long.getTime())
    t.mock.timers.tick(1)
    assert.ok(statSync(path).mtimeMs > long.getTime())
    // A lock that somebody removed does not end the work.
    rmSync(path)
    t.mock.timers.tick(5_000)
  })
})

test('a lock that cannot be read is an error at once', async () => {
  const path = newPath()
  mkdirSync(path)
  await assert.rejects(
    withFileLock(path, options(), async () => undefined),
    { code: 'EISDIR' },
  )
})

test('a folder that does not exist is an error at once', async () => {
  await assert.rejects(
    withFileLock(join(folder, 'missing', 'lock'), options(), async () => undefined),
    { code: 'ENOENT' },
  )
})

test('the lock of a living process is not taken over: after the wait, the error names the process', async () => {
  const path = newPath()
  writeLock(path, { host: hostname(), ...processId(process.ppid) })
  await assert.rejects(
    withFileLock(path, options(0), async () => assert.fail('two holders')),
    new RegExp(`held by ${process.ppid} of ${hostname()}`),
  )
  assert.ok(existsSync(path))
})

test('the lock of another host is taken over only when it was not confirmed for a minute', async () => {
  const path = newPath()
  writeLock(path, { host: 'another-host', pid: process.pid, start: '1' })
  await assert.rejects(
    withFileLock(path, options(0), async () => undefined),
    /of another-host/,
  )
  const minute = new Date(Date.now() - 61_000)
  utimesSync(path, minute, minute)
  assert.equal(await withFileLock(path, options(), async () => 'done'), 'done')
})

test('a process that lost its lock leaves the lock of the next process', async () => {
  const path = newPath()
  await withFileLock(path, options(), async () => writeLock(path, { host: 'another-host', pid: 1 }))
  assert.ok(existsSync(path))
})

test('waiting ends when the job is cancelled', async () => {
  const path = newPath()
  writeLock(path, { host: hostname(), ...processId(process.ppid) })
  const cancel = new AbortController()
  const waiting = withFileLock(path, { ...options(), signal: cancel.signal }, async () => undefined)
  cancel.abort(new Error('cancelled'))
  await assert.rejects(waiting, /cancelled/)
})

function systemClockTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
