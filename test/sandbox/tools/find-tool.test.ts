import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasVersion } from '../../../src/sandbox/tools/find-tool.ts'
import { cacheFolder } from '../../../src/sandbox/tools/host.ts'

test('an installed program is used only if it prints exactly the pinned version', () => {
  const outputs = {
    'etcd Version: 3.6.16\nGit SHA: Not provided\nGo Version: go1.26.8': true,
    'v3.6.16+g1b2c3d4': true,
    '3.6.16\ninstalled by building from source': true,
    'act version 3.6.16': true,
    'etcd Version: 3.6.160': false,
    'etcd Version: 13.6.16': false,
    'v3.6.16-rc.1': false,
    'v3.6.16.1': false,
    'etcd Version: 3.5.1, API version 3.6': false,
    '': false,
  }
  for (const [output, expected] of Object.entries(outputs)) assert.equal(hasVersion(output, '3.6.16'), expected, output)
})

test('the cache is in ACR_NOPASS_CACHE, else in XDG_CACHE_HOME, else in the home folder', () => {
  const home = '/home/ann'
  assert.equal(cacheFolder({ home, env: { ACR_NOPASS_CACHE: '/big', XDG_CACHE_HOME: '/xdg' } }), '/big')
  assert.equal(cacheFolder({ home, env: { XDG_CACHE_HOME: '/xdg' } }), '/xdg/acr-nopass')
  assert.equal(cacheFolder({ home, env: {} }), '/home/ann/.cache/acr-nopass')
})
