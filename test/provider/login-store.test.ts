import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLoginStore } from '../../src/node/provider/login-store.ts'

/** A store of this process in a new folder. */
function open() {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-store-'))
  const store = openLoginStore(folder, process.pid, process.getuid?.() ?? 0)
  assert.ok(store)
  return { folder, store }
}

test('a file system that takes no lock delays no pull: the request calls the cloud without a lock', () => {
  const { folder, store } = open()
  // No file can have such a long name, as no file can be written to a full file system.
  const key = 'k'.repeat(300)
  assert.equal(store.lock(key), true)
  store.write(key, { boot: 'b' })
  assert.deepEqual(readdirSync(folder), [])
})

test('a lock that another process has is waited for, also if no lock can be written', () => {
  const { folder, store } = open()
  assert.equal(store.lock('key'), true)
  assert.equal(store.lock('key'), false)
  const parent = openLoginStore(folder, process.ppid, process.getuid?.() ?? 0)
  assert.equal(parent?.lock('key'), false)
  store.unlock('key')
  assert.equal(parent?.lock('key'), true)
})

test('what killed processes leave is forgotten with the oldest logins, because it may hold a login', () => {
  const { folder, store } = open()
  const left = ['a.json.17', 'b.lock', 'c.lock.18']
  for (const [index, name] of [...left, ...Array.from({ length: 512 }, (_, index) => `${index}.json`)].entries()) {
    writeFileSync(join(folder, name), '{}')
    utimesSync(join(folder, name), index, index)
  }
  store.write('new', { boot: 'b' })
  const names = readdirSync(folder)
  assert.equal(names.length, 512)
  assert.deepEqual(
    left.filter((name) => names.includes(name)),
    [],
  )
  assert.ok(names.includes('new.json'))
})
