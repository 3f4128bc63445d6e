import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { bundleCli } from '../../scripts/build/bundles.ts'
import { ROOT, runBin } from '../cli/run-bin.ts'
import { NODES_VARIABLE } from '../support/version-variables.ts'

// Runs with `npm test -- nodejs --node 20,22.18,22.19.0,24.0.0,26`: bin/acr-nopass under each of
// these versions of Node.js, fetched from the npm registry.

const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-nodes-'))
after(() => rm(folder, { recursive: true }))

/** The program as the npm package has it, with no Node.js beside it. */
const home = join(folder, 'node_modules/acr-nopass')
await mkdir(home, { recursive: true })
for (const part of ['bin', 'chart']) await cp(join(ROOT, part), join(home, part), { recursive: true })
await bundleCli(ROOT, join(home, 'dist'))

/** A folder for PATH, with this Node.js and no other. */
async function fetchNode(version: string): Promise<{ path: string; version: string }> {
  const installFolder = join(folder, version)
  await mkdir(installFolder)
  const name = `node-${process.platform}-${process.arch}`
  await run(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', installFolder, `${name}@${version}`],
    {
      cwd: installFolder,
    },
  )
  const path = join(installFolder, 'node_modules', name, 'bin')
  const { stdout } = await run(join(path, 'node'), ['--version'])
  return { path, version: stdout.trim() }
}

const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } }
const [, least = ''] = /^>=(\d+\.\d+)\.0$/.exec(engines.node) ?? []
const isOlder = (version: string): boolean => {
  const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [version, least].map((text) =>
    text.split('.').map(Number),
  ) as [number[], number[]]
  return major < leastMajor || (major === leastMajor && minor < leastMinor)
}
const values = join(ROOT, 'examples/values/production.yaml')

for (const wanted of (process.env[NODES_VARIABLE] ?? '').split(',')) {
  const old = isOlder(/^\d+$/.test(wanted) ? `${wanted}.999` : wanted)
  test(`Node.js ${wanted}: ${old ? 'refused, with the required and the found version' : 'works'}`, async (t) => {
    const node = await fetchNode(wanted)
    t.diagnostic(`${node.version} of the npm registry`)
    assert.ok(node.version.startsWith(`v${wanted}`), node.version)
    const env = { PATH: `${node.path}:/usr/bin:/bin`, HOME: folder }
    const bin = join(home, 'bin/acr-nopass')
    const valid = await runBin(['validate', '-f', values], { bin, cwd: folder, env })
    if (old) {
      assert.deepEqual([valid.code, valid.stdout], [1, ''])
      const [first, second] = valid.stderr.split('\n')
      assert.equal(first, `acr-nopass needs Node.js ${least} or newer; on PATH is: ${node.version}`)
      assert.match(second ?? '', /nodejs\.org/)
      return
    }
    assert.deepEqual(valid, { code: 0, stdout: `valid: ${values}\n`, stderr: '' })
    const policy = await runBin(['policy', '-f', values], { bin, cwd: folder, env })
    assert.deepEqual([policy.code, policy.stderr], [0, ''])
    const doctor = await runBin(['doctor', '--kubeconfig', '/nowhere'], { bin, cwd: folder, env })
    assert.match(doctor.stderr, /^KUBECONFIG_INVALID: /)
  })
}
