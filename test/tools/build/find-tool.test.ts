import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildPlan, pinnedVersion, sourceKey } from '../../../tools/build/find-tool.ts'
import { isOldGo } from '../../../tools/build/go-program.ts'
import { TOOLS, type Tool } from '../../../tools/build/tool-table.ts'
import { cacheFolder } from '../../../tools/host.ts'

const host = { platform: 'linux', arch: 'x64' }
const tool: Tool = { folder: 'x', seconds: 1, module: 'm', package: 'm/cmd', stamp: (v) => [`m.v=${v}`] }
const key = (change: Partial<Tool> = {}, hash = 'h', where = host) =>
  sourceKey(hash, buildPlan({ ...tool, ...change }, '1.0.0'), where)

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
  assert.equal(key({ onDemand: true, linuxOnly: true, seconds: 2 }), key())
})

test('a program that is linked statically with C gets the flags for it', () => {
  assert.deepEqual(buildPlan(TOOLS.runc, '1.5.2'), {
    package: 'github.com/opencontainers/runc',
    arguments: ['-trimpath', '-buildvcs=false', '-tags', 'netgo,osusergo', '-ldflags', '-s -w -extldflags -static'],
    cgo: true,
  })
})

test('Go before 1.21, and one without a version, is too old', () => {
  const versions = ['go1.26.8 linux/amd64', 'go1.21 darwin/arm64', 'go1.9.7', 'go1.20.14', 'go2.0.1', 'devel +abc']
  assert.deepEqual(
    versions.map((version) => isOldGo(`go version ${version}`)),
    [false, false, true, true, false, true],
  )
})

test('the cache is in ACR_NOPASS_CACHE, else in XDG_CACHE_HOME, else in the home folder', () => {
  const home = '/home/ann'
  assert.equal(cacheFolder({ home, env: { ACR_NOPASS_CACHE: '/big', XDG_CACHE_HOME: '/xdg' } }), '/big')
  assert.equal(cacheFolder({ home, env: { XDG_CACHE_HOME: '/xdg' } }), '/xdg/acr-nopass')
  assert.equal(cacheFolder({ home, env: {} }), '/home/ann/.cache/acr-nopass')
})

const MOD = `module x/tools/helm // comment

go 1.26.0

tool helm.sh/helm/v4/cmd/helm

require helm.sh/helm/v4 v4.3.1

require (
	helm.sh/helm/v4/extra v9.9.9 // indirect
)

replace k8s.io/api => k8s.io/api v0.37.2
`

test('the version of a module is read from go.mod, from lines and blocks', () => {
  assert.equal(pinnedVersion(MOD, 'helm.sh/helm/v4'), '4.3.1')
  assert.equal(pinnedVersion(MOD, 'helm.sh/helm/v4/extra'), '9.9.9')
})

test('a go.mod that does not pin the tool is rejected', () => {
  assert.throws(() => pinnedVersion(MOD, 'k8s.io/api'), /does not pin a version of k8s\.io\/api/)
})
