import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildPlan, sourceKey } from '../../../src/sandbox/tools/find-tool.ts'
import { isOlderRelease, parseGoVersion } from '../../../src/sandbox/tools/go-program.ts'
import { cacheFolder } from '../../../src/sandbox/tools/host.ts'
import { TOOLS, type Tool } from '../../../src/sandbox/tools/tool-table.ts'

const host = { platform: 'linux', arch: 'x64' }
const tool: Tool = { folder: 'x', module: 'm', package: 'm/cmd', stamp: (v) => [`m.v=${v}`] }
const key = (change: Partial<Tool> = {}, hash = 'h', where = host) =>
  sourceKey({ hash }, buildPlan({ ...tool, ...change }, '1.0.0'), where)

test('the same source, flags and platform have the same key', () => {
  assert.equal(key(), key())
  assert.match(key(), /^[0-9a-f]{16}$/)
})

test('everything that changes the program changes the key', () => {
  const keys = [
    key(),
    key({}, 'other sums'),
    key({ package: 'm/other' }),
    key({ stamp: () => ['m.v=2'] }),
    key({ tags: ['netgo'] }),
    key({ cgo: true }),
    key({}, 'h', { ...host, arch: 'arm64' }),
    key({}, 'h', { ...host, platform: 'darwin' }),
  ]
  assert.equal(new Set(keys).size, keys.length)
})

test('hints do not change the key, so that no tool is rebuilt because of them', () => {
  assert.equal(key({ onDemand: true, linuxOnly: true }), key())
})

test('a program that is linked statically with C gets the flags for it', () => {
  assert.deepEqual(buildPlan(TOOLS.runc, '1.5.2'), {
    package: 'github.com/opencontainers/runc',
    arguments: ['-trimpath', '-buildvcs=false', '-tags', 'netgo,osusergo', '-ldflags', '-s -w -extldflags -static'],
    cgo: true,
  })
})

test('Go versions are read and compared as numbers', () => {
  const versions = ['go version go1.26.8 linux/amd64', 'go version go1.21 darwin/arm64', 'go version devel +abc'].map(
    parseGoVersion,
  )
  assert.deepEqual(versions, ['1.26.8', '1.21', undefined])
  const older = [
    ['1.9', '1.21'],
    ['1.21', '1.21.0'],
    ['1.26.8', '1.26.10'],
    ['2.0', '1.99'],
  ]
  assert.deepEqual(
    older.map(([left = '', right = '']) => isOlderRelease(left, right)),
    [true, false, true, false],
  )
})

test('the cache is in ACR_NOPASS_CACHE, else in XDG_CACHE_HOME, else in the home folder', () => {
  const home = '/home/ann'
  assert.equal(cacheFolder({ home, env: { ACR_NOPASS_CACHE: '/big', XDG_CACHE_HOME: '/xdg' } }), '/big')
  assert.equal(cacheFolder({ home, env: { XDG_CACHE_HOME: '/xdg' } }), '/xdg/acr-nopass')
  assert.equal(cacheFolder({ home, env: {} }), '/home/ann/.cache/acr-nopass')
})
